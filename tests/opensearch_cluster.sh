#!/usr/bin/env bash
# A real OpenSearch cluster on loopback for the tests marked `cluster`; it needs mvn, python3 and Java 17 to 23.
#
#   install    put the server together from Maven artifacts, once; their digest is pinned below
#   start [N]  N nodes (3), each a JVM, with nothing in them; what an earlier run left is removed
#   urls       their addresses, joined by commas          status   one line a node, then the cluster's health
#   crash I    kill -9 node I                             revive I start it again on its own data
#   stop       end all nodes                              wipe     and remove their data
#
# TRIALKIN_CLUSTER_PORT is node 1's port (19480), TRIALKIN_CLUSTER_HEAP a node's heap (512m).
set -euo pipefail

VERSION=2.19.6
DIGEST=8f25c2a0704a7f45f4bd94fde1dc4fd79f3e0a275e529c7c28b9031dff439dba
FIRST_PORT=${TRIALKIN_CLUSTER_PORT:-19480}
HEAP=${TRIALKIN_CLUSTER_HEAP:-512m}
PATIENCE=120 # seconds for nodes to find each other; fifteen is usual

fail() { echo "opensearch_cluster.sh: $*" >&2; exit 1; }

# OpenSearch does not run as root: root hands the nodes to an ordinary user, in whose home they live.
RUN=()
if [ "$(id -u)" = 0 ]; then
  id opensearch >/dev/null 2>&1 || useradd --system --create-home --shell /usr/sbin/nologin opensearch
  RUN=(setpriv --reuid=opensearch --regid="$(id -g opensearch)" --init-groups)
  HERE=$(getent passwd opensearch | cut -d: -f6)/trialkin-cluster
else
  HERE=${XDG_CACHE_HOME:-$HOME/.cache}/trialkin-cluster
fi
SERVER=$HERE/opensearch-$VERSION
NODES=$HERE/nodes

port() { echo $((FIRST_PORT + $1 - 1)); }
transport() { echo $((FIRST_PORT + 100 + $1 - 1)); }
count() { cat "$NODES/count" 2>/dev/null || echo 0; }
all() { seq 1 "$(count)"; }

java() { # the first Java that OpenSearch 2 can run on: from 24 on there is no security manager
  local at major
  for at in "${JAVA_HOME:-/none}/bin/java" "$(command -v java || true)" /usr/lib/jvm/*/bin/java; do
    [ -x "$at" ] || continue
    major=$("$at" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p;q')
    if [ "${major:-0}" -ge 17 ] && [ "$major" -le 23 ]; then echo "$at"; return; fi
  done
  fail "needs Java 17 to 23: apt-get install default-jre-headless"
}

# -- the server --------------------------------------------------------------------------------------------------------

digest() { (cd "$1" && find . -name '*.jar' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64); }

artifact() { echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></dependency>"; }

describe() { # describe MODULE CLASS: what the server reads before it loads a module
  printf '%s\n' "name=$1" "description=$1" "version=$VERSION" "opensearch.version=$VERSION" "java.version=11" \
    "classname=$2" "extended.plugins=" "has.native.controller=false" >"$1/plugin-descriptor.properties"
}

install() {
  [ ! -d "$SERVER" ] || return 0
  command -v mvn >/dev/null || fail "needs Maven: apt-get install maven"
  local draft=$SERVER.draft
  rm -rf "$draft"
  mkdir -p "$draft"/{lib,plugins,modules/transport-netty4,modules/mapper-extras}
  cd "$draft"
  {
    echo '<project><modelVersion>4.0.0</modelVersion><groupId>trialkin</groupId><artifactId>cluster</artifactId>'
    echo '<version>1</version><packaging>pom</packaging><dependencies>'
    artifact org.opensearch opensearch $VERSION
    artifact org.opensearch opensearch-plugin-classloader $VERSION
    artifact org.opensearch.plugin transport-netty4-client $VERSION
    artifact org.opensearch.plugin mapper-extras-client $VERSION
    artifact org.apache.logging.log4j log4j-core 2.25.4
    echo '</dependencies></project>'
  } >pom.xml
  mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory=lib >maven.log 2>&1 || { tail -20 maven.log >&2; fail "Maven failed"; }
  [ "$(digest lib)" = "$DIGEST" ] || fail "the jars' digest is $(digest lib), not the pinned $DIGEST"
  mv lib/{netty,transport-netty4}-*.jar modules/transport-netty4
  mv lib/mapper-extras-*.jar modules/mapper-extras
  cd modules
  describe transport-netty4 org.opensearch.transport.Netty4Plugin
  describe mapper-extras org.opensearch.index.mapper.MapperExtrasPlugin
  cat >transport-netty4/plugin-security.policy <<'POLICY'
grant {
  permission java.net.SocketPermission "*", "accept,connect,resolve";
  permission java.io.FilePermission "/proc/sys/net/core/somaxconn", "read";
  permission java.util.PropertyPermission "*", "read,write";
  permission java.lang.RuntimePermission "getClassLoader";
  permission java.lang.RuntimePermission "setContextClassLoader";
};
POLICY
  mv "$draft" "$SERVER"
}

# -- nodes -------------------------------------------------------------------------------------------------------------

pid() { # of node I where that very node runs
  local held
  held=$(cat "$NODES/$1/pid" 2>/dev/null) && grep -qsF "path.conf=$NODES/$1/config" "/proc/$held/cmdline" && echo "$held"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

get() { python3 -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=30).read().decode())' "$1" 2>/dev/null; }

configure() { # configure I N
  mkdir -p "$NODES/$1"/{config,data,logs,tmp}
  local peers names
  peers=$(for i in $(seq 1 "$2"); do printf '"127.0.0.1:%s", ' "$(transport "$i")"; done)
  names=$(for i in $(seq 1 "$2"); do printf 'node-%s, ' "$i"; done)
  cat >"$NODES/$1/config/opensearch.yml" <<YML
cluster.name: trialkin-tests
node.name: node-$1
network.host: 127.0.0.1
http.port: $(port "$1")
transport.port: $(transport "$1")
discovery.seed_hosts: [${peers%, }]
cluster.initial_cluster_manager_nodes: [${names%, }]
path.data: $NODES/$1/data
path.logs: $NODES/$1/logs
cluster.routing.allocation.disk.threshold_enabled: false
YML
  cat >"$NODES/$1/config/log4j2.properties" <<'LOG'
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1.} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
LOG
}

vacant() { # vacant I: nobody else has node I's ports
  local taken
  for taken in "$(port "$1")" "$(transport "$1")"; do
    if listens "$taken"; then fail "port $taken is taken; name another with TRIALKIN_CLUSTER_PORT"; fi
  done
}

launch() { # launch I
  local node=$NODES/$1
  local options=(
    "-Xms$HEAP" "-Xmx$HEAP" -Xss1m -XX:+UseG1GC -XX:MaxDirectMemorySize=256m -XX:+ExitOnOutOfMemoryError
    -Djava.security.manager=allow -Djava.awt.headless=true -Dfile.encoding=UTF-8 "-Djava.io.tmpdir=$node/tmp"
    "-Djna.tmpdir=$node/tmp" -Djna.nosys=true -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true
    -Dlog4j.shutdownHookEnabled=false -Dlog4j2.disable.jmx=true
    "-Dopensearch.path.home=$SERVER" "-Dopensearch.path.conf=$node/config"
    -Dopensearch.distribution.type=tar -Dopensearch.bundled_jdk=false
  )
  (
    cd "$SERVER"
    exec setsid "${RUN[@]}" env -i PATH="$PATH" HOME="$node" LANG=C.UTF-8 OPENSEARCH_PATH_CONF="$node/config" \
      "$JAVA" "${options[@]}" -cp "$SERVER/lib/*" org.opensearch.bootstrap.OpenSearch
  ) </dev/null >>"$node/logs/out.log" 2>&1 &
  echo $! >"$node/pid"
}

together() { # until so many nodes are one cluster
  local end=$((SECONDS + PATIENCE)) i
  while [ $SECONDS -lt $end ]; do
    for i in $(all); do
      pid "$i" >/dev/null || continue
      if [[ $(get "http://127.0.0.1:$(port "$i")/_cluster/health?wait_for_nodes=$1&timeout=5s") == *'"timed_out":false'* ]]
      then return; fi
    done
    sleep 0.5
  done
  tail -n 5 "$NODES"/*/logs/out.log >&2
  fail "no cluster of $1 nodes after $PATIENCE s; their logs are in $NODES"
}

running() { local i n=0; for i in $(all); do if pid "$i" >/dev/null; then n=$((n + 1)); fi; done; echo $n; }

start() {
  JAVA=$(java)
  install
  wipe
  mkdir -p "$NODES"
  echo "$1" >"$NODES/count"
  local i
  for i in $(all); do vacant "$i"; configure "$i" "$1"; done
  [ ${#RUN[@]} = 0 ] || chown -R opensearch: "$HERE"
  for i in $(all); do launch "$i"; done
  together "$1"
}

revive() { JAVA=$(java); vacant "$1"; launch "$1"; together "$(running)"; }

crash() { # and return when it is gone
  kill -9 "$(pid "$1" || fail "node $1 does not run")"
  while listens "$(port "$1")" || listens "$(transport "$1")"; do sleep 0.1; done
}

stop() {
  local i held end=$((SECONDS + 20))
  for i in $(all); do if held=$(pid "$i"); then kill "$held" || true; fi; done
  for i in $(all); do
    while held=$(pid "$i"); do
      if [ $SECONDS -gt $end ]; then kill -9 "$held" || true; fi
      sleep 0.1
    done
  done
}

wipe() { stop; rm -rf "$NODES"; }

urls() { for i in $(all); do echo "http://127.0.0.1:$(port "$i")"; done | paste -sd,; }

status() {
  local i
  for i in $(all); do echo "node $i: $(port "$i"), $(pid "$i" || echo down)"; done
  for i in $(all); do if get "http://127.0.0.1:$(port "$i")/_cluster/health"; then return; fi; done
  fail "no node answers"
}

case ${1:-} in
  start) start "${2:-3}" ;;
  crash | revive) "$1" "${2:?which node}" ;;
  install | urls | status | stop | wipe) "$1" ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
