# What the set-up makes on any machine: front-end files and message catalogues.
FROM python:3.11-slim-bookworm AS set-up
WORKDIR /srv/custodia
COPY dev.py package.json package-lock.json .npmrc requirements-dev.txt ./
COPY devtools devtools
COPY locale locale
RUN python dev.py setup

FROM python:3.11-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 CUSTODIA_VAR=/srv/custodia/var \
    CUSTODIA_KEYRING=/srv/custodia/keys/keyring.json CUSTODIA_FILES=/srv/custodia/files \
    CUSTODIA_PG_PROGRAMS=/usr/lib/postgresql/18/bin
WORKDIR /srv/custodia
# pg_dump and pg_restore of the server's version, from the packages of PostgreSQL itself: backups need them.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-common ca-certificates \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install --yes --no-install-recommends postgresql-client-18 \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.txt ./
RUN pip install --no-cache-dir --only-binary=:all: --require-hashes -r requirements.txt
COPY manage.py LICENSE ./
COPY security security
COPY audit audit
COPY patients patients
COPY crm crm
COPY templates templates
COPY static static
COPY --from=set-up /srv/custodia/static/vendor static/vendor
COPY --from=set-up /srv/custodia/fonts fonts
COPY --from=set-up /srv/custodia/locale locale
# The settings want these to be there; collecting files connects to nothing and opens no key.
RUN SECRET_KEY=unused-while-files-are-collected-unused-while-files-are-collected \
    DATABASE_URL=postgresql://unused:unused@localhost/unused \
    REDIS_URL=redis://unused:unused@localhost:6379/0 \
    python manage.py collectstatic --noinput --verbosity=0 \
    && useradd --system --uid 10001 --no-create-home custodia \
    && install -d -m 0700 -o custodia -g custodia keys sealer files backups backups-of-keys \
    && install -d -m 0755 -o custodia -g custodia ledger
USER custodia
EXPOSE 8000
CMD ["gunicorn", "crm.wsgi", "--bind=0.0.0.0:8000", "--workers=3", "--threads=4", "--worker-tmp-dir=/dev/shm", "--no-control-socket"]
