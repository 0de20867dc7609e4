# Built in one image and run in another: what builds it never reaches the result.
FROM docker.io/library/debian:12-slim AS builder

# Debian 12 itself is the pin: within it, the newest package is the one with the security fixes.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends binutils python3-venv \
 && rm -rf /var/lib/apt/lists/*

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /src
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python3 -m venv /build \
 && /build/bin/pip install --quiet --require-hashes -r requirements/build.txt \
 && python3 -m venv --without-pip /opt/email-stats-exporter \
 && /build/bin/pip --python /opt/email-stats-exporter/bin/python install --quiet --no-compile \
        --only-binary :all: --require-hashes -r requirements/runtime.txt

COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
ARG REVISION=
RUN sed -i "s/^__revision__ = .*/__revision__ = \"${REVISION}\"/" exporter/__init__.py \
 && /build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheel . \
 && /build/bin/pip --python /opt/email-stats-exporter/bin/python install --quiet --no-compile --no-deps --no-index /wheel/*.whl

# Nobody debugs the libraries here, and bytecode that isn't compared with its source needs no date to be true.
RUN find /opt/email-stats-exporter -name '*.so' -exec strip --strip-unneeded {} + \
 && /opt/email-stats-exporter/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/email-stats-exporter/lib


FROM docker.io/library/debian:12-slim

ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="email-stats-exporter" \
      org.opencontainers.image.description="Prometheus exporter for the statistics of e-mail vendors' customers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/email-stats-exporter/email-stats-exporter" \
      org.opencontainers.image.documentation="https://github.com/email-stats-exporter/email-stats-exporter/blob/main/docs/container.md" \
      org.opencontainers.image.base.name="docker.io/library/debian:12-slim" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 \
 && rm -rf /var/cache/apt/* /var/cache/debconf/*-old /var/lib/apt/lists/* /var/log/*

# For the state; a named volume that is mounted there begins as a copy of it, and so belongs to the exporter's user.
RUN install -d -m 0700 -o 65532 -g 65532 /var/lib/email-stats-exporter

COPY --from=builder /opt/email-stats-exporter /opt/email-stats-exporter
ENV PATH=/opt/email-stats-exporter/bin:$PATH

# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 10587

# For the default port, without TLS; give docker run a --health-cmd of its own otherwise.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["python", "-I", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://localhost:10587/-/healthy', timeout=4)"]

ENTRYPOINT ["email-stats-exporter"]
CMD ["run", "--config.file=/etc/email-stats-exporter/config.yaml"]
