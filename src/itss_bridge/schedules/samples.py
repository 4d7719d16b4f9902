"""The samples' texts; `@NAME@` is filled in."""

SCRIPT = """\
#!/bin/sh
# Every night: read the tools, write the report, ask the gate. Ends with the first of these that is not 0:
#   4 rights, 5 a source incomplete   the report is written all the same, and says what is undetermined
#   3 the gate is not met             all went well, and the level is not reached
#   2 configuration, 6 integrity, 7 another run is at work: nothing new is reported
set +e -u
cd @ROOT@ || exit 2

@PROGRAM@ sync --log json
synced=$?
case $synced in
  0 | 4 | 5) ;;
  *) exit "$synced" ;;
esac

@PROGRAM@ export matrix.xlsx report.html || exit $?
@GATE@exit "$synced"
"""
GATE = """\

@PROGRAM@ assess --require itss-level-@TARGET@ --json > assess.json
gate=$?
[ "$synced" -eq 0 ] && exit "$gate"
"""
CRON = """\
# crontab -e; the line runs every night at @CLOCK@ in @ZONE@ (cronie and most others know CRON_TZ).
# Secrets (@NAMES@): cron's environment has none, so refer to files in itss-bridge.toml:
#   secret = "file:/etc/itss-bridge/NAME", chmod 600; or set NAME=… above the line, in a crontab nobody else reads.
# cron mails what the line prints: nothing, or how it ended.
CRON_TZ=@ZONE@
@MINUTE@ @HOUR@ * * * /bin/sh @SCRIPT@ >> @LOG@ 2>&1 || echo "itss-bridge ended with $?, see" @LOG@
"""
SERVICE = """\
# /etc/systemd/system/itss-bridge.service
# Secrets (@NAMES@): lines NAME=value in /etc/itss-bridge/environment, chmod 600, owned by root.
[Unit]
Description=itss-bridge: read the tools, write the report, ask the gate
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory=@ROOT@
EnvironmentFile=-/etc/itss-bridge/environment
ExecStart=/bin/sh nightly.sh
# 3: the gate is not met; a finding, not a failure of the run
SuccessExitStatus=3
TimeoutStartSec=6h
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths="@ROOT@"
"""
TIMER = """\
# /etc/systemd/system/itss-bridge.timer; then: systemctl enable --now itss-bridge.timer
[Unit]
Description=itss-bridge, every night

[Timer]
OnCalendar=*-*-* @CLOCK@:00 @ZONE@
RandomizedDelaySec=10min
# a night that was slept through is made up for
Persistent=yes

[Install]
WantedBy=timers.target
"""
K8S = """\
# kubectl apply -f itss-bridge.yaml. The workspace lies on the volume claim itss-bridge.
# Secrets (@NAMES@): kubectl create secret generic itss-bridge --from-literal=NAME=…
apiVersion: v1
kind: ConfigMap
metadata:
  name: itss-bridge
data:
  nightly.sh: |
@SCRIPT@
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: itss-bridge
spec:
  schedule: "@MINUTE@ @HOUR@ * * *"
  timeZone: "@ZONE@"
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 21600
  successfulJobsHistoryLimit: 7
  failedJobsHistoryLimit: 7
  jobTemplate:
    spec:
      # the next night goes on from where this one stopped
      backoffLimit: 0
      activeDeadlineSeconds: 21600
      template:
        spec:
          restartPolicy: Never
          securityContext:
            runAsNonRoot: true
            runAsUser: 10001
            fsGroup: 10001
          containers:
            - name: itss-bridge
              image: itss-bridge:@VERSION@
              command: ["/bin/sh", "/nightly/nightly.sh"]@ENV@
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities:
                  drop: ["ALL"]
              volumeMounts:
                - {name: workspace, mountPath: /work}
                - {name: nightly, mountPath: /nightly}
                - {name: tmp, mountPath: /tmp}
          volumes:
            - name: workspace
              persistentVolumeClaim:
                claimName: itss-bridge
            - name: nightly
              configMap:
                name: itss-bridge
            - name: tmp
              emptyDir: {}
"""
K8S_VARIABLE = """
                - name: @NAME@
                  valueFrom:
                    secretKeyRef:
                      name: itss-bridge
                      key: @NAME@"""
GITHUB = """\
# .github/workflows/itss-bridge.yml, for a runner of your own: evidence stays on it, in the folder below.
# Secrets (@NAMES@): Settings > Secrets and variables > Actions.
name: itss-bridge
on:
  schedule:
    # in UTC: @CLOCK@ in @ZONE@ (winter time, where clocks change)
    - cron: "@UTC_MINUTE@ @UTC_HOUR@ * * *"
  workflow_dispatch: {}
concurrency: itss-bridge
permissions: {}
jobs:
  nightly:
    runs-on: self-hosted
    timeout-minutes: 360
    steps:
      - name: Read the tools, write the report, ask the gate
        shell: sh
        working-directory: @FOLDER@@ENV@
        run: |
@SCRIPT@
"""
GITHUB_VARIABLE = """
          @NAME@: ${{ secrets.@NAME@ }}"""
AIRFLOW = '''\
"""dags/itss_bridge_nightly.py: read the tools, write the report, ask the gate. For Airflow 2.6 or newer.

Secrets (@NAMES@): Airflow variables of these names, from a secrets backend.
"""

import pendulum
from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # before Airflow 3
    from airflow.operators.bash import BashOperator

with DAG(
    "itss_bridge_nightly",
    schedule="@MINUTE@ @HOUR@ * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz=@ZONE@),
    catchup=False,
    max_active_runs=1,
) as dag:
    BashOperator(
        task_id="nightly",
        # the blank at the end keeps Airflow from taking the path for a template of its own
        bash_command=@COMMAND@,
        env=@ENV@,
        append_env=True,
        # 3: the gate is not met; a finding, shown as skipped, not a failure of the run
        skip_on_exit_code=3,
        retries=0,
    )
'''
