"""How dates are written, one package per language; named in FORMAT_MODULE_PATH."""
