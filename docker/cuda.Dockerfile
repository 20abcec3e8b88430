# Diglot on one NVIDIA GPU: `docker build -f docker/cuda.Dockerfile -t diglot:cuda .`, then
# `docker run --gpus all -p 8000:8000 -v diglot:/data diglot:cuda`. The same as ../Dockerfile (a test holds
# them together) but for torch: its CUDA build brings every library but the driver, and so wants no other
# BASE than Debian, or what stands on it, with Python 3.11 or newer.
ARG BASE=docker.io/library/python:3.11-slim

# What changes seldom: the user, torch, the other libraries. A pip.conf of your own, such as one that
# names your index, is lent to the build by `--secret id=pip.conf,src=FILE` and left in no layer.
FROM ${BASE} AS dependencies
RUN useradd --no-log-init --uid 10001 --home-dir /data --no-create-home diglot && \
    python3 -m venv --without-pip /opt/diglot
ENV PATH=/opt/diglot/bin:$PATH
# On x86-64 plain pip takes torch's CUDA build; an index chooses one for another CUDA. What only compilers
# and the libraries' own tests need goes in the same layer.
ARG TORCH_INDEX=
# hadolint ignore=DL3013 # torch's version is given
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    pip --python /opt/diglot/bin/python3 install --no-cache-dir \
        ${TORCH_INDEX:+"--index-url=$TORCH_INDEX"} torch==2.13.0 && \
    find /opt/diglot/lib -path "*/torch/bin/*" ! -name torch_shm_manager -delete && \
    find /opt/diglot/lib -type d \( -path "*/torch/include" -o -path "*/torch/test" \
        -o -path "*/sympy/*/tests" \) -prune -exec rm -r {} +
COPY requirements.txt /tmp/requirements.txt
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    pip --python /opt/diglot/bin/python3 install --no-cache-dir --use-pep517 -r /tmp/requirements.txt

# The engine's inner loops: the final image has no compiler.
FROM ${BASE} AS kernels
# hadolint ignore=DL3008 # the compiler of whichever Debian BASE is
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && \
    rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY service/llm/kernels service/llm/kernels
RUN python3 -m service.llm.kernels.build

# Weights for a place without a network: a hub id bakes that model in and makes it the default.
FROM dependencies AS weights
ARG MODEL=
ARG MODEL_REVISION=main
ARG HF_ENDPOINT
RUN mkdir /opt/models && \
    if test -n "$MODEL"; then \
        hf download "$MODEL" --revision "$MODEL_REVISION" --local-dir "/opt/models/$MODEL" \
            --include "*.safetensors" --include "*.json" --include "*.txt" --include "*.model" \
            --include "*.jinja" --exclude "*/*" --exclude "consolidated*" && \
        ls "/opt/models/$MODEL"/*.safetensors && rm -r "/opt/models/$MODEL/.cache"; \
    fi

FROM dependencies
# Any user may be chosen by --user, so everybody may write here.
RUN install -d -m 1777 -o diglot -g diglot /data /data/tmp
WORKDIR /data
COPY --from=weights /opt/models /opt/models
COPY prompts /app/prompts
COPY docker/healthcheck.py /app/docker/healthcheck.py
COPY service /app/service
COPY --from=kernels /app/service /app/service
RUN python3 -m compileall -q /app/service
USER 10001
# A volume on /data hides what the image has there, so baked weights lie elsewhere. Diglot is found from
# every folder, and nothing in the current one (a volume) stands in for it.
ARG MODEL=
ENV PYTHONPATH=/app \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/data \
    HF_HOME=/data/huggingface \
    TMPDIR=/data/tmp \
    DIGLOT_MODEL=${MODEL:+/opt/models/}${MODEL} \
    DIGLOT_DATA=/data \
    DIGLOT_HOST=0.0.0.0 \
    DIGLOT_PORT=8000 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
ARG VERSION=unreleased
LABEL org.opencontainers.image.title="Diglot" \
      org.opencontainers.image.description="An article in; an English digest, a Chinese digest and a stance out." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10m --retries=3 \
    CMD ["python3", "/app/docker/healthcheck.py"]
ENTRYPOINT ["python3", "-m", "service"]
CMD ["serve"]
