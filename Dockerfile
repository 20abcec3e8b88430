# Diglot on a CPU. `docker build -t diglot .`, then `docker run -p 8000:8000 diglot`, or a folder:
# `docker run -v "$PWD/articles:/articles:ro" -v diglot:/data diglot digest /articles`, which writes
# /data/out. Another port: `-e DIGLOT_PORT=9000 -p 9000:9000`.
ARG BASE=docker.io/library/python:3.11-slim

FROM ${BASE} AS build
# An index that has torch's CPU build; without one pip takes the CUDA build, gigabytes larger.
ARG TORCH_INDEX=
RUN python3 -m venv /opt/diglot
ENV PATH=/opt/diglot/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN test -z "$TORCH_INDEX" || pip install --index-url "$TORCH_INDEX" torch==2.13.0
COPY requirements.txt /tmp/requirements.txt
RUN pip install -r /tmp/requirements.txt

FROM ${BASE}
COPY --from=build /opt/diglot /opt/diglot
COPY service /app/service
COPY prompts /app/prompts
COPY docker/healthcheck.py /app/docker/healthcheck.py
RUN useradd --uid 10001 --create-home --home-dir /data diglot && \
    install -d -o 10001 -g 10001 /data/tmp
# The user may write here, so that `digest` can leave its default folder `out`.
WORKDIR /data
USER 10001
# Diglot is found from every folder, and nothing in the current one (a volume) stands in for it.
ENV PATH=/opt/diglot/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HOME=/data/huggingface \
    TMPDIR=/data/tmp \
    DIGLOT_DATA=/data \
    DIGLOT_HOST=0.0.0.0 \
    DIGLOT_PORT=8000
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10m --retries=3 \
    CMD ["python3", "/app/docker/healthcheck.py"]
ENTRYPOINT ["python3", "-m", "service"]
CMD ["serve"]
