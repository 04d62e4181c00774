FROM python:3.11-slim-bookworm AS dependencies
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
COPY requirements/serve.lock .
# Tests of the packages are 60 MB, pyarrow's network protocol and headers 40 MB.
RUN uv venv --python /usr/local/bin/python /opt/venv \
 && uv pip sync --no-cache --require-hashes --python /opt/venv/bin/python serve.lock \
 && cd /opt/venv/lib/python3.11/site-packages \
 && find . -type d -name tests -prune -exec rm -rf {} + \
 && rm -rf pyarrow/include pyarrow/libarrow_flight* pyarrow/_flight*
# The user that runs the service cannot write bytecode. Importing writes it for what is used, which
# halves the time of these imports at every start; compiling everything would add 280 MB.
RUN /opt/venv/bin/python -c "import fastapi, gemmi, mp_api.client, numba, pymatgen.io.cif, redis, uvicorn"

FROM dependencies AS package
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY models models
RUN uv pip install --no-cache --python /opt/venv/bin/python setuptools==84.2.1 \
 && uv pip install --no-cache --no-deps --no-build-isolation --python /opt/venv/bin/python \
      --target /opt/paraisite --compile-bytecode .
# Networks are compiled here, for each class of processors, rather than at every start.
RUN PYTHONPATH=/opt/paraisite /opt/venv/bin/python -m models.network.compiled --all

FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 10001 paraisite
# Dependencies first: a change of the code leaves their layer, almost all of the image, as it is.
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=package /opt/paraisite /opt/paraisite
ENV PATH=/opt/paraisite/bin:/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/paraisite \
    PYTHONUNBUFFERED=1
USER paraisite
WORKDIR /home/paraisite
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
CMD ["paraisite", "serve", "--host", "0.0.0.0"]
