// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Drives that are served to others because a person wants it. */
final class ServerWordsTest extends DriveConversation {
  @Test
  void drivesAreServedAndNoLonger() throws Exception {
    compare(
        List.of("-drive", "if=none,id=a,file=@/a.raw,format=raw"),
        script(
            human("nbd_server_stop"),
            human("nbd_server_add a"),
            human("nbd_server_start"),
            human("nbd_server_start nowhere"),
            human("nbd_server_start unix:@/nbd"),
            human("nbd_server_start unix:@/nbd"),
            human("nbd_server_add"),
            human("nbd_server_add nothing"),
            human("nbd_server_add -w a"),
            human("nbd_server_add a"),
            human("nbd_server_add a other"),
            command("query-block-exports"),
            human("nbd_server_remove"),
            human("nbd_server_remove nothing"),
            human("nbd_server_remove a"),
            human("nbd_server_remove -f other"),
            human("nbd_server_stop"),
            human("nbd_server_start -a unix:@/nbd"),
            command("query-block-exports"),
            human("nbd_server_stop"),
            human("nbd_server_start -w unix:@/nbd"),
            human("nbd_server_start -x unix:@/nbd"),
            human("help nbd_server_start"),
            human("help nbd_server_add"),
            human("help nbd_server_remove"),
            human("help nbd_server_stop")));
  }
}
