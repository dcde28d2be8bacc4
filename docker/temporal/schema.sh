#!/bin/sh
# Creates or updates the two databases of Temporal; may run again. The connection comes from SQL_* variables.
set -eu

for database in temporal:temporal temporal_visibility:visibility; do
  name=${database%:*}
  schema=${database#*:}
  temporal-sql-tool --db "$name" create
  temporal-sql-tool --db "$name" setup-schema --version 0.0
  temporal-sql-tool --db "$name" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
