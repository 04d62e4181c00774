FROM python:3.11-slim-bookworm AS dependencies
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
COPY requirements/serve.lock .
# Tests of the packages are 60 MB, pyarrow's network protocols and headers 60 MB, symbols 60 MB (those of numpy,
# scipy and their libraries stay: wheels patch them so that `strip` would break them). What
# is uninstalled, 280 MB, mp-api imports for other tasks than ours, and does without:
# models/structure/materials_project/unused.py
RUN apt-get update \
 && apt-get install --yes --no-install-recommends binutils \
 && uv venv --python /usr/local/bin/python /opt/venv \
 && uv pip sync --no-cache --require-hashes --python /opt/venv/bin/python serve.lock \
 && uv pip uninstall --python /opt/venv/bin/python \
      arro3-core boto3 botocore contourpy deltalake fonttools kiwisolver lxml matplotlib mpmath networkx pillow s3transfer sympy \
 && cd /opt/venv/lib/python3.11/site-packages \
 && find . -type d -name tests -prune -exec rm -rf {} + \
 && rm -rf pyarrow/include pyarrow/libarrow_flight* pyarrow/_flight* pyarrow/libarrow_s3* pyarrow/_s3fs* \
 && find httptools llvmlite pandas pyarrow pymatgen uvloop -name "*.so*" -type f -exec strip --strip-unneeded {} +
# The user that runs the service cannot write bytecode. Importing writes it for what is used, which
# halves the time of these imports at every start; compiling everything would add 280 MB.
COPY models/structure/materials_project/unused.py .
RUN /opt/venv/bin/python -c "import unused; exec('with unused.without_unused(): import mp_api.client'); \
      import fastapi, gemmi, numba, pymatgen.io.cif, redis, uvicorn"

FROM dependencies AS package
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY models models
RUN uv pip install --no-cache --python /opt/venv/bin/python setuptools==84.2.1 \
 && uv pip install --no-cache --no-deps --no-build-isolation --python /opt/venv/bin/python \
      --target /opt/paraisite --compile-bytecode .
# Networks are compiled here, for each class of processors, rather than at every start. In another
# folder, as Python would take the sources here for the package; what is compiled must be in the image.
RUN cd / \
 && PYTHONPATH=/opt/paraisite /opt/venv/bin/python -m models.compiling --all \
 && ls /opt/paraisite/models/compiling/__pycache__/*.nbi > /dev/null

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
