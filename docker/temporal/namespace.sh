#!/bin/sh
# Creates the namespace unless it is there. Histories are kept for 90 days, as long as a move may take to be settled.
set -eu

attempts=30
until temporal operator cluster health; do
  attempts=$((attempts - 1))
  [ "$attempts" -gt 0 ]
  sleep 1
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 90d
