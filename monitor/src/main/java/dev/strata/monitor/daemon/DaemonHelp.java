// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

/** What {@code --help} prints. */
final class DaemonHelp {
  static final String TEXT =
      """
      Usage: %s [options]
      Serves disk images, and works on them, as clients ask by QMP

        -h, --help             tell this
        -V, --version          tell the version

        --blockdev [driver=]DRIVER,node-name=NAME[,OPTION=VALUE...]
                               open an image; a JSON object will do too
        --chardev socket,id=ID,path=PATH[,server=on|off][,wait=on|off]
        --chardev stdio,id=ID  a way for a client to come
        --daemonize            return when clients can come, and go on in the background
        --export [type=]nbd,id=ID,node-name=NAME[,name=NAME][,writable=on|off]
                               export an image by the server
        --monitor [chardev=]ID[,mode=control][,pretty=on|off]
                               take QMP commands there
        --nbd-server addr.type=unix,addr.path=PATH[,tls-creds=ID][,tls-authz=ID]
                     [,max-connections=N]
        --nbd-server addr.type=inet,addr.host=HOST,addr.port=PORT[,...]
                               start the server for exports
        --object TYPE,id=ID[,PROPERTY=VALUE...]
                               define an object, as a secret
        --pidfile PATH         write the process's number there when clients can come
      """;

  private DaemonHelp() {}
}
