// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.manual.ToolDescription;
import java.util.List;

/** {@code qemu-storage-daemon} as its help, its manual and its completion see it. */
public final class DaemonDescription implements ToolDescription {
  static final String VERSION = "qemu-storage-daemon version 7.2.22 (Strata 0.1.0)";

  static final int BLOCKDEV = OptionTable.FIRST_KEY;
  static final int CHARDEV = BLOCKDEV + 1;
  static final int DAEMONIZE = BLOCKDEV + 2;
  static final int EXPORT = BLOCKDEV + 3;
  static final int MONITOR = BLOCKDEV + 4;
  static final int NBD_SERVER = BLOCKDEV + 5;
  static final int OBJECT = BLOCKDEV + 6;
  static final int PID_FILE = BLOCKDEV + 7;

  /** For the service loader. */
  public DaemonDescription() {}

  @Override
  public String name() {
    return "qemu-storage-daemon";
  }

  @Override
  public String shortName() {
    return "storage-daemon";
  }

  @Override
  public String version() {
    return VERSION + "\n";
  }

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with(BLOCKDEV, "blockdev", "NODE", "open a node")
        .with(CHARDEV, "chardev", "DEVICE", "a way for a client to come: stdio or a socket")
        .with(DAEMONIZE, "daemonize", null, "return when clients can come, and go on")
        .with(EXPORT, "export", "EXPORT", "serve a node, by nbd or vhost-user-blk")
        .with('h', "help", null, "show this help and end")
        .with(MONITOR, "monitor", "MONITOR", "take QMP commands from a chardev")
        .with(NBD_SERVER, "nbd-server", "SERVER", "start the server of NBD exports")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(PID_FILE, "pidfile", "FILE", "write the process's number there")
        .with('V', "version", null, "show the version and end");
  }

  @Override
  public Description describe() {
    return Description.of(
        "serves disk images as QMP clients ask",
        """
        Options are carried out in the order in which they stand; what they open and start can be
        opened and started by QMP too, as blockdev-add, block-export-add and nbd-server-start.

        It ends by the command quit, or by INT, TERM or HUP, with all data on stable storage.
        """,
        "qemu-storage-daemon --chardev socket,id=q,path=q.sock,server=on,wait=off --monitor q",
        "waits for a client that says what is to be done",
        "qemu-storage-daemon --blockdev file,node-name=disk,filename=disk.raw"
            + " --nbd-server addr.type=unix,addr.path=d.sock --export nbd,id=e,node-name=disk",
        "serves a raw image by NBD");
  }

  @Override
  public List<Topic> topics() {
    return List.of(
        new Topic(
            "Arguments in detail",
            List.of(
                new Topic.Item("NODE", "[driver=]DRIVER,node-name=NAME[,OPTION=VALUE...]"),
                new Topic.Item(
                    "DEVICE",
                    "stdio,id=ID\n"
                        + "socket,id=ID,path=PATH[,server=on][,wait=off][,reconnect=SECONDS]\n"
                        + "socket,id=ID,host=HOST,port=PORT[,to=PORT] and so on\n"
                        + "socket,id=ID,fd=NUMBER[,server=on]\n"
                        + "null,id=ID; ringbuf,id=ID[,size=BYTES]; file,id=ID,path=FILE"),
                new Topic.Item("MONITOR", "[chardev=]ID[,pretty=on]"),
                new Topic.Item(
                    "SERVER",
                    "addr.type=unix,addr.path=PATH\n"
                        + "addr.type=inet,addr.host=HOST,addr.port=PORT\n"
                        + "with [,tls-creds=ID][,tls-authz=ID][,max-connections=N]"),
                new Topic.Item(
                    "EXPORT",
                    "nbd,id=ID,node-name=NAME[,name=NAME][,writable=on]\n"
                        + "vhost-user-blk,id=ID,node-name=NAME,addr.type=unix,addr.path=PATH\n"
                        + "with [,writable=on][,num-queues=N][,logical-block-size=BYTES]"))));
  }
}
