#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds what the launchers run, and writes .build/launch, which they read: prepare-launch.sh PROGRAM
# (the name for messages). Does nothing when that is up to date. One line on stderr says that a build
# begins; its output goes to .build/build.log.

set -u
program=$1
root=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
cd "$root" || exit 1
state=$root/.build
log=$state/build.log

fail() {
  echo "$program: $1" >&2
  exit 1
}

mkdir -p "$state" || fail "cannot write to $state"

# Whoever comes second waits for the first one's build, then finds nothing left to do.
if command -v flock >/dev/null 2>&1; then
  exec 9>"$state/lock"
  if ! flock -n 9; then
    echo "$program: waiting for a build of Strata that is under way" >&2
    flock 9
  fi
else
  waited=0
  until mkdir "$state/lock.d" 2>/dev/null; do
    waited=$((waited + 1))
    [ $waited -le 600 ] || fail "$state/lock.d has been there for ten minutes: remove it"
    sleep 1
  done
  trap 'rmdir "$state/lock.d"' EXIT
  trap 'exit 1' HUP INT TERM
fi

# --- the JDK ---

is_java_25() {
  [ -x "$1/bin/javac" ] && [ -f "$1/release" ] && grep -q '^JAVA_VERSION="25[."]' "$1/release"
}

find_java_25() {
  on_path=$(command -v java || true)
  [ -z "$on_path" ] || on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
  for home in "${JAVA_HOME-}" "$on_path" \
    /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* \
    "${SDKMAN_DIR:-${HOME-}/.sdkman}"/candidates/java/* "${HOME-}"/.jdks/* \
    "${HOME-}"/.asdf/installs/java/* "${HOME-}"/.local/share/mise/installs/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if [ -n "$home" ] && is_java_25 "$home"; then
      (cd "$home" && pwd -P)
      return
    fi
  done
  return 1
}

java_home=$(find_java_25) ||
  fail "no JDK 25 found: set JAVA_HOME, or install one (looked at java on the PATH, /usr/lib/jvm, SDKMAN and the like)"

# --- is there anything to do? ---

# All that the result depends on: folders too, for a file that goes changes its folder's time.
sources() {
  find pom.xml block/pom.xml formats/pom.xml tls/pom.xml archive/pom.xml \
    monitor/pom.xml img-tool/pom.xml io-tool/pom.xml nbd-server/pom.xml system-emulator/pom.xml block/src/main \
    formats/src/main tls/src/main archive/src/main monitor/src/main img-tool/src/main io-tool/src/main nbd-server/src/main system-emulator/src/main \
    build-support bin/strata .mvn "$@"
}

hash_of() { sha256sum | cut -c1-16; }

# Taken before the sources are read: what changes during the build is newer than it.
: >"$state/stamp.new"
fingerprint=$({
  sources -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
  echo "$root"
  echo "$java_home"
  cat "$java_home/release"
} | hash_of)
run=$state/run-$fingerprint

# --- build ---

if ! [ -f "$run/complete" ]; then
  echo "$program: building Strata from its sources first, which takes about half a minute (log: $log)" >&2
  command -v mvn >/dev/null 2>&1 || fail "Maven (mvn) is needed to build Strata and is not on the PATH"
  rm -rf "$run"
  mkdir -p "$run/lib"
  JAVA_HOME=$java_home MAVEN_OPTS='-XX:+UseSerialGC -XX:TieredStopAtLevel=1' \
    mvn -B -Dquick -Dmaven.test.skip=true -Dstrata.output=target/launch "-Dstrata.libraries=$run/lib" \
    -pl tls,archive,img-tool,io-tool,nbd-server,system-emulator -am package >"$log" 2>&1 </dev/null 9>&- ||
    fail "building Strata failed: see $log"
  cp */target/launch/*.jar "$run/lib/" 2>>"$log" ||
    fail "building Strata failed: see $log"
  # A signed archive costs each start: its entries are checked, and the JVM keeps no graph of modules
  # that has one.
  for archive in "$run"/lib/bcprov-*.jar; do
    (
      mkdir "$run/unsigned" && cd "$run/unsigned" || exit 1
      "$java_home/bin/jar" --extract --file "$archive" || exit 1
      [ -f module-info.class ] || mv META-INF/versions/9/module-info.class . || exit 1
      rm -rf META-INF/*.SF META-INF/*.RSA META-INF/*.DSA META-INF/MANIFEST.MF META-INF/versions
      "$java_home/bin/jar" --create --no-compress --no-manifest --file "$archive" . || exit 1
      rm -rf "$run/unsigned"
    ) >>"$log" 2>&1 9>&- || fail "building Strata failed: see $log"
  done
  # Apart, for it comes with thousands of classes and is loaded at first use; in one archive, without
  # the signatures of its parts.
  (
    mkdir "$run/tls" "$run/tls/classes" && cd "$run/tls/classes" || exit 1
    for archive in "$run"/lib/tls/*.jar "$run"/lib/tls-*.jar; do
      "$java_home/bin/jar" --extract --file "$archive" || exit 1
    done
    rm -rf META-INF/*.SF META-INF/*.RSA META-INF/MANIFEST.MF META-INF/versions module-info.class
    "$java_home/bin/jar" --create --no-compress --no-manifest --file ../tls.jar . || exit 1
    rm -rf "$run/tls/classes" "$run/lib/tls" "$run"/lib/tls-*.jar
  ) >>"$log" 2>&1 9>&- || fail "building Strata failed: see $log"
  # The same for what reads compressed files.
  mv "$run/lib/archive" "$run/archive" && mv "$run"/lib/archive-*.jar "$run/archive/" ||
    fail "building Strata failed: see $log"
  if [ "$(uname -sm)" = 'Linux x86_64' ]; then
    # Else JNA unpacks it at each start.
    (cd "$run" && "$java_home/bin/jar" xf lib/jna-jpms-*.jar com/sun/jna/linux-x86-64/libjnidispatch.so) ||
      fail "building Strata failed: see $log"
    mv "$run/com/sun/jna/linux-x86-64/libjnidispatch.so" "$run/" && rm -r "$run/com"
    "$java_home/bin/java" -XX:TieredStopAtLevel=1 -cp "$(echo "$run"/lib/block-*.jar)" \
      dev.strata.block.posix.DirectCallLibrary "$run/libstrata-calls.so" >>"$log" 2>&1 ||
      fail "building Strata failed: see $log"
  fi
fi

# --- the command lines ---

quote() { # one word for the shell
  printf "'%s' " "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

# Where the system's loader looks is enough for JNA, which would ask ldconfig.
# Sized for 'prlimit --as=1G' with room to spare. No performance data file, no log, no handler for the
# signals that end a program: it shall be ended by them, as the tools it stands in for are; but for the
# server, which has an end of its own.
# The archive of a short command lies where it was made for, which spares it 5 ms of moving; that of a
# server, which strangers talk to, lies at a place of chance.
jvm_words() { # TOOL
  case $1 in
    # Clients that only negotiate die young, where there is room for them to: else what they leave
    # lies in the old generation until the heap is full.
    nbd | daemon)
      for word in -Xms40m -Xmn30m -XX:SurvivorRatio=1 -XX:TargetSurvivorRatio=95; do quote "$word"; done
      ;;
    *) for word in -Xms8m -Xrs -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0; do quote "$word"; done ;;
  esac
  for word in -XX:+UseSerialGC -Xmx160m -XX:MaxDirectMemorySize=2304m \
    -XX:ReservedCodeCacheSize=24m -XX:MaxMetaspaceSize=64m -XX:CompressedClassSpaceSize=48m \
    -XX:-UsePerfData -Xlog:disable -XX:+DisplayVMOutputToStderr --sun-misc-unsafe-memory-access=allow \
    "-XX:ErrorFile=$state/crash-%p.log" "-Dstrata.calls=$run/libstrata-calls.so" \
    "-Dstrata.tls=$run/tls" "-Dstrata.archive=$run/archive" "-Djna.boot.library.path=$run" -Djna.platform.library.path= \
    "--enable-native-access=$native" \
    --module-path "$run/lib"; do
    quote "$word"
  done
}

# Naming a module that is not there makes the JVM say so.
native=dev.strata.block,dev.strata.formats,com.sun.jna
if grep -q 'requires.* aircompressor' formats/src/main/java/module-info.java; then
  native=$native,aircompressor.v3
fi

# A machine is worth the optimising compiler and room for what it compiles; a kernel is read into the
# heap, the guest's memory is not there. Signals end it in order.
# What the guest's code was translated to has proved hot already: the quick compiler shall not wait for
# it to do so again. The optimising one, which takes ten times as long for the same code, shall: for most
# of what boots a kernel it is not worth it. The scale is for regions alone, the thresholds for all.
system_words() {
  for word in -XX:+UseSerialGC -Xms32m -Xmx768m -XX:ReservedCodeCacheSize=256m -XX:-UsePerfData \
    -XX:CompileCommand=quiet \
    -XX:CompileCommand=CompileThresholdScaling,dev.strata.system.cpu.translate.TranslatedRegion*::run,0.05 \
    -XX:Tier4InvocationThreshold=1000000 -XX:Tier4MinInvocationThreshold=100000 \
    -XX:Tier4CompileThreshold=3000000 -XX:Tier4BackEdgeThreshold=20000000 \
    --add-exports=java.base/jdk.internal.misc=dev.strata.system \
    -Xlog:disable -XX:+DisplayVMOutputToStderr "-XX:ErrorFile=$state/crash-%p.log" \
    "-Dstrata.calls=$run/libstrata-calls.so" "-Dstrata.tls=$run/tls" "-Dstrata.archive=$run/archive" \
    "-Djna.boot.library.path=$run" -Djna.platform.library.path= \
    "--enable-native-access=$native,dev.strata.system" --module-path "$run/lib"; do
    quote "$word"
  done
}

main_of() {
  case $1 in
    # Nothing in its module leads to those that contribute commands.
    system) echo --add-modules dev.strata.nbdserver,dev.strata.iotool -m dev.strata.system/dev.strata.system.QemuSystem ;;
    img) echo -m dev.strata.imgtool/dev.strata.imgtool.QemuImg ;;
    io) echo -m dev.strata.iotool/dev.strata.iotool.QemuIo ;;
    nbd) echo -m dev.strata.nbdserver/dev.strata.nbdserver.tool.QemuNbd ;;
    # So too here.
    daemon) echo --add-modules dev.strata.nbdserver -m dev.strata.monitor/dev.strata.monitor.daemon.StorageDaemon ;;
    # Nothing in its module leads to the tools, which it asks what they are.
    strata) echo '"-Dstrata.launchers=$root/bin"' --add-modules ALL-MODULE-PATH -m dev.strata.monitor/dev.strata.monitor.manual.Strata ;;
  esac
}

# A server for what is trained as a client; without it, as where the path is too long for a socket, only
# the client's way to that error is trained.
serve() {
  cp sample.raw served.raw
  eval "exec $(quote "$java_home/bin/java") $(jvm_words nbd) -Dstrata.program=training $(main_of nbd) \
    -t -r -f raw -k $(quote "$work/nbd.sock") served.raw" &
  server=$!
  while ! [ -S nbd.sock ] && kill -0 "$server" 2>/dev/null; do sleep 1; done
}

# One process runs the training's command lines in an empty folder. A launcher without a cache works
# too, only slower: a training that fails is no failure, but the log has it. Every start pays for every
# class in the cache: what brings many and is rare stays out of it, as zstd with 200 of the JDK's, or
# help with picocli's, of which none can be cached.
train() { # TOOL
  work=$(mktemp -d "$state/training.XXXXXX") || return
  (
    cd "$work" || exit 1
    # Something to read that is not zeroes.
    cp "$root/build-support/training/$1" sample.raw
    unset JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS
    server=
    case $1 in system) words=$(system_words) ;; *) words=$(jvm_words "$1") ;; esac
    java="$(quote "$java_home/bin/java") $words $(quote "-XX:AOTConfiguration=$work/configuration")"
    case $1 in img) serve ;; esac
    # A machine whose firmware waits for something is not waited for.
    limit=
    if command -v timeout >/dev/null 2>&1; then limit='timeout 300 '; fi
    eval "$limit$java -XX:AOTMode=record -Dstrata.program=training \
      $(quote "-Dstrata.training=$root/build-support/training/$1") $(main_of "$1")" ||
      echo "training of $1 ended with an error"
    [ -z "$server" ] || kill "$server"
    eval "$java -XX:AOTMode=create $(quote "-XX:AOTCache=$work/cache") $(main_of "$1")"
  ) >>"$log" 2>&1 </dev/null 9>&- || echo "no cache for $1" >>"$log"
  if [ -f "$work/cache" ]; then
    mv "$work/cache" "$run/$1.aot"
  else
    echo "$program: no start-up cache for strata $1 could be made, so it starts slowly (log: $log)" >&2
  fi
  rm -rf "$work"
}

if ! [ -f "$run/complete" ]; then
  train img
  train io
  train nbd
  train daemon
  train system
  : >"$run/complete"
fi

# GNU's env holds signals back; without it USR1 ends a program as it does by default. It also undoes
# what the shell does to programs in the background, which without it cannot be interrupted.
signals() { # OPTION
  env=$(command -v env || true)
  if "$env" "$1" true 2>/dev/null; then echo "$env $1"; fi
}

write_launch() {
  echo "launch_root=$(quote "$root")"
  echo "launch_hold=$(quote "$(signals --block-signal=USR1)")"
  echo "launch_unhold=$(quote "$(signals --default-signal=INT,QUIT)")"
  echo 'launch_outdated() {'
  printf 'set -- %s\n' "$(quote "$state/stamp")"
  printf '[ %s -nt "$1" ]' "$(quote "$java_home")"
  # Gone, or installed anew: a package's files keep old times, their folder does not.
  printf ' || [ %s -nt "$1" ] || ! [ -x %s ] || ! [ -d %s ]' "$(quote "$java_home/lib")" \
    "$(quote "$java_home/bin/java")" "$(quote "$run/lib")"
  prefix=$(quote "$root/")
  sources -type d -print -o -type f -print | sed "s/'/'\\\\''/g; s|.*| \\|\\| [ \"\$launch_root\"'/&' -nt \"\$1\" ]|" | tr -d '\n'
  echo
  echo '}'
  for tool in img io nbd daemon strata; do
    echo "launch_$tool() {"
    aot=
    [ ! -f "$run/$tool.aot" ] || aot="-XX:AOTCache=$(quote "$run/$tool.aot")"
    words="$(quote "$java_home/bin/java") $(jvm_words $tool) $aot"
    # What ends soon is not worth the optimising compiler; the quick one may begin at once: waiting four
    # times as long spares a short command 3 ms, and doubles the time of those that walk over tables.
    echo 'case $1 in full) level=4 patience=8 ;; server) level=4 patience=1 ;; *) level=1 patience=1 ;; esac; shift'
    echo "exec \$hold $words \$launch_fork -XX:TieredStopAtLevel=\$level -XX:CompileThresholdScaling=\$patience \"-Dstrata.program=\$program\" $(main_of $tool) \"\$@\""
    echo '}'
  done
  echo 'launch_system() {'
  aot=
  [ ! -f "$run/system.aot" ] || aot="-XX:AOTCache=$(quote "$run/system.aot")"
  echo "exec \$hold $(quote "$java_home/bin/java") $(system_words) $aot \$launch_fork \"-Dstrata.program=\$program\" $(main_of system) \"\$@\""
  echo '}'
}

write_launch >"$state/launch.new" || fail "cannot write to $state"
mv "$state/stamp.new" "$state/stamp"
mv "$state/launch.new" "$state/launch"

# Earlier builds go when nothing can be starting from them any more.
for old in "$state"/run-*; do
  if [ "$old" != "$run" ] && [ -n "$(find "$old" -maxdepth 0 -mmin +60)" ]; then rm -rf "$old"; fi
done
exit 0
