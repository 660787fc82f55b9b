# Each target is a verb of dev.py, which needs only Python 3.11. `make test ARGS="-k search"` passes arguments on.
.PHONY: setup demo demo-reset test lint bench prove lock messages assets
DEV = python3 dev.py

setup demo demo-reset lint lock messages assets:
	@$(DEV) $@

test bench:
	@$(DEV) $@ $(ARGS)

prove:
	@$(DEV) prove $(STEP) $(ARGS)
