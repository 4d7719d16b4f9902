# docker build -t itss-bridge:0.1.0 .
# docker run --rm -v "$PWD/mine:/work" -e JIRA_TOKEN itss-bridge:0.1.0 sync
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY mappings mappings
COPY schemas schemas
COPY plugins plugins
RUN python3 -m venv /opt/itss-bridge \
 && /opt/itss-bridge/bin/python3 -m pip install --no-cache-dir . ./plugins/*/

FROM python:3.13-slim-bookworm
# for what is drawn in Chinese; `itss-bridge doctor` asks fc-list
RUN apt-get update \
 && apt-get install --yes --no-install-recommends fontconfig fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/itss-bridge /opt/itss-bridge
ENV PATH=/opt/itss-bridge/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1
# the workspace is mounted here; the folder must be writable for this user
WORKDIR /work
USER 10001:10001
ENTRYPOINT ["itss-bridge"]
CMD ["--help"]
