// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonReader;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.Option;
import dev.strata.monitor.schema.QapiSchema;
import dev.strata.monitor.schema.QapiType;
import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients are told of commands and events, and what there is. */
final class SchemaTest {
  private static final List<String> QUESTION =
      List.of(
          "{\"execute\":\"qmp_capabilities\"}",
          "{\"execute\":\"query-qmp-schema\"}",
          "{\"execute\":\"query-commands\"}",
          "{\"execute\":\"quit\"}");

  /** What drivers take as a whole section, without listing what is in it. */
  private static final List<String> NESTED =
      List.of(
          "blkdebug inject-error",
          "blkdebug set-state",
          "blkdebug take-child-perms",
          "blkdebug unshare-child-perms",
          "nbd server");

  @TempDir Path folder;

  @Test
  void commandsAndEventsAreDescribedAsTheRealDaemonDescribesThem() throws Exception {
    Commands.assumeInstalled(StorageDaemonTest.REAL);
    JsonArray ours = answers(StorageDaemonTest.OURS).get(0);
    var comparison = new SchemaComparison(ours, answers(StorageDaemonTest.REAL).get(0), true);
    assertEquals(List.of(), comparison.differences());
    assertTrue(comparison.compared() > 250, () -> "only " + comparison.compared() + " types");
  }

  @Test
  void commandsAndEventsOfAMachineAreDescribedAsTheRealEmulatorDescribesThem() throws Exception {
    Commands.assumeInstalled(DriveConversation.EMULATOR);
    JsonArray ours = machineAnswers(DriveConversation.OURS).get(0);
    var comparison =
        new SchemaComparison(ours, machineAnswers(DriveConversation.EMULATOR).get(0), false);
    assertEquals(List.of(), comparison.differences());
    assertTrue(comparison.compared() > 280, () -> "only " + comparison.compared() + " types");
  }

  @Test
  void allCommandsAreDescribed() throws Exception {
    List<JsonArray> answers = answers(StorageDaemonTest.OURS);
    var described = new TreeSet<String>();
    for (JsonValue each : answers.get(0)) {
      if (each instanceof JsonObject entry && "command".equals(entry.string("meta-type"))) {
        described.add(String.valueOf(entry.string("name")));
      }
    }
    var there = new TreeSet<String>();
    for (JsonValue each : answers.get(1)) {
      there.add(String.valueOf(((JsonObject) each).string("name")));
    }
    assertEquals(there, described);
  }

  @Test
  void everyOptionDescribedForADriverIsOneThatItTakes() {
    DriverRegistry drivers = DriverRegistry.load();
    QapiType.Structure options = QapiSchema.load().structure("BlockdevOptions");
    var unknown = new ArrayList<String>();
    for (Map.Entry<String, QapiType.Structure> branch : options.branches().entrySet()) {
      BlockDriverFactory driver = drivers.find(branch.getKey());
      assertNotNull(driver, branch.getKey());
      for (QapiType.Member member : branch.getValue().members()) {
        if (!isChild(member.type()) && !takes(driver, member.name())) {
          unknown.add(driver.name() + " " + member.name());
        }
      }
    }
    assertEquals(List.of(), unknown);
  }

  private static boolean isChild(QapiType type) {
    return switch (type) {
      case QapiType.Alternate alternate -> alternate.name().startsWith("BlockdevRef");
      case QapiType.ListOf(QapiType item) -> isChild(item);
      default -> false;
    };
  }

  private static boolean takes(BlockDriverFactory driver, String name) {
    if (NESTED.contains(driver.name() + " " + name)) {
      return true;
    }
    for (Option<?> option : driver.openOptions()) {
      if (option.name().equals(name) || option.name().startsWith(name + ".")) {
        return true;
      }
    }
    return false;
  }

  /** To the two questions. */
  private List<JsonArray> answers(String program) throws Exception {
    return answers(Conversation.play(folder, program, QUESTION));
  }

  private List<JsonArray> machineAnswers(String program) throws Exception {
    List<String> command =
        List.of(
            program,
            "-machine",
            "none",
            "-nodefaults",
            "-display",
            "none",
            "-pidfile",
            folder.resolve("pid").toString(),
            "-chardev",
            "socket,id=c,server=on,wait=off,path=" + folder.resolve("qmp"),
            "-mon",
            "chardev=c,mode=control");
    return answers(Conversation.play(folder, command, QUESTION));
  }

  private static List<JsonArray> answers(List<String> heard) throws Exception {
    var answers = new ArrayList<JsonArray>();
    for (String line : heard) {
      if (line.startsWith("{\"return\": [")
          && JsonReader.parseObject(line).get("return") instanceof JsonArray array) {
        answers.add(array);
      }
    }
    return answers;
  }
}
