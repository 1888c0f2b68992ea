// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.json.JsonReader;
import dev.strata.block.json.JsonValue;
import dev.strata.block.json.JsonWriter;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.DottedKeys;
import dev.strata.block.option.ImageName;
import dev.strata.block.option.OptionString;
import dev.strata.block.option.Size;
import dev.strata.formats.qcow2.Qcow2Factory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The parsers: one to come is a line here, or of {@link FuzzedFormat}. */
final class Targets {
  /** What follows the name of a format whose images are changed. */
  private static final String WRITE = "-write";

  static final List<String> NAMES =
      names(
          "vmdk-descriptor",
          "raw-options",
          "json",
          "json-name",
          "option-string",
          "size",
          "blkdebug",
          "image-name",
          "nbd-server",
          "nbd-client",
          "http-client",
          "ftp-client");

  /** A target with a fault, for those who look for faults. */
  static final String PLANTED = "planted";

  private static final DriverRegistry DRIVERS = DriverRegistry.load();

  private Targets() {}

  private static List<String> names(String... parsers) {
    var all = new ArrayList<String>();
    for (String format : FuzzedFormat.WRITABLE) {
      all.add(format);
      all.add(format + WRITE);
    }
    all.addAll(FuzzedFormat.READABLE);
    all.addAll(List.of(parsers));
    return List.copyOf(all);
  }

  /** The target of that name. */
  static FuzzTarget named(String name) {
    var disk = new Disk();
    if (FuzzedFormat.WRITABLE.contains(name) || FuzzedFormat.READABLE.contains(name)) {
      return new ImageTarget(name, FuzzedFormat.named(name), disk);
    }
    if (name.endsWith(WRITE)) {
      String format = name.substring(0, name.length() - WRITE.length());
      return new WriteTarget(name, FuzzedFormat.named(format), disk);
    }
    return switch (name) {
      case "vmdk-descriptor" ->
          new TextTarget(
              name,
              text -> vmdkDescriptor(text, disk),
              List.of(
                  VmdkSeeds.descriptor("monolithicFlat", "RW 8 FLAT \"base\" 0"),
                  VmdkSeeds.descriptor("vmfs", "RW 8 VMFS \"base\"", "RW 100 FLAT \"data\" 9"),
                  VmdkSeeds.descriptor("twoGbMaxExtentSparse", "RW 1024 SPARSE \"sparse\""),
                  VmdkSeeds.descriptor("vmfsSparse", "RW 64 VMFSSPARSE \"cowd\""),
                  VmdkSeeds.descriptor("seSparse", "RW 8192 SESPARSE \"sesparse\"")));
      case "raw-options" ->
          new TextTarget(
              name,
              text -> rawOptions(text, disk),
              List.of(
                  "driver=raw,file=image,offset=512,size=1024",
                  "offset=9223372036854775807,size=512",
                  "size=-1",
                  "driver=raw,file.driver=file,file.filename=image,offset=1k"));
      case "json" ->
          new TextTarget(
              name,
              Targets::json,
              List.of(
                  "{\"a\": [1, -2.5e10, true, null, \"\\u00e9\\n\"], \"b\": {}}",
                  "[[[[]]]]",
                  "{'a': 18446744073709551615, 'b': -9223372036854775808}"));
      case "json-name" ->
          new TextTarget(
              name,
              text -> jsonName(text, disk),
              List.of(
                  "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"x\"}}",
                  "json:{\"driver\":\"raw\",\"file.filename\":\"image\",\"offset\":\"512\"}",
                  "json:{\"a.0\":1,\"a\":[{\"b\":null}]}"));
      case "option-string" ->
          new TextTarget(
              name,
              Targets::optionString,
              List.of(
                  "size=1G,cluster_size=64k,backing_file=a,,b,lazy_refcounts",
                  "driver=qcow2,file.driver=file,file.filename=x,file.locking=off",
                  "secret,id=sec0,data=a,nosecret",
                  "a.0.b=1,a.0.c=2,a.1=x"));
      case "size" ->
          new TextTarget(
              name,
              Targets::size,
              List.of("1.5G", "0x10k", "9223372036854775807", "18446744073709551616", "1e3", "7E"));
      case "blkdebug" -> new BlkdebugTarget();
      case "image-name" ->
          new TextTarget(
              name,
              Targets::imageName,
              List.of(
                  "nbd://localhost:10809/export?socket=/x",
                  "nbd+unix:///e?socket=/tmp/s",
                  "nbd:unix:/tmp/s:exportname=e",
                  "nbd:localhost:10809:exportname=a%20b",
                  "blkdebug:config:image",
                  "blkverify:a:b",
                  "file:/dev/cdrom",
                  "./a:b",
                  "nbd://[::1]:1/"));
      case "nbd-server" -> new NbdServerTarget();
      case "nbd-client" -> new NbdClientTarget();
      case "http-client" -> new HttpClientTarget();
      case "ftp-client" -> new FtpClientTarget();
      case PLANTED -> new TextTarget(name, Targets::planted, List.of("[]"));
      default -> throw new IllegalArgumentException("No target " + name);
    };
  }

  private static void planted(String text) {
    if (ImageName.isJson(text)) {
      throw new IllegalStateException("planted");
    }
  }

  private static void rawOptions(String text, Disk disk) throws BlockException {
    BlockOptions options = OptionString.parse(text, "file", warning -> {});
    // Only what is about the window: other files are another target's.
    var own = BlockOptions.of("driver", "raw", "file.filename", Disk.IMAGE);
    for (String name : List.of("offset", "size")) {
      String value = options.string(name);
      if (value != null) {
        own.put(name, value);
      }
    }
    disk.folder(true).with(Disk.IMAGE, new byte[4096]);
    disk.use(
        true,
        false,
        own,
        backend -> {
          new Visit(backend).run();
          Visit.attempt(() -> backend.writeZeroes(0, backend.length(), 0));
          Visit.attempt(() -> backend.truncate(backend.length() * 2, true, Preallocation.OFF, 0));
        });
  }

  /** A descriptor and files of each kind that it may name. */
  private static void vmdkDescriptor(String text, Disk disk) throws BlockException {
    disk.folder(false)
        .with(Disk.IMAGE, text.getBytes(StandardCharsets.UTF_8))
        .with(Seeds.BASE, Seeds.base())
        .with(Seeds.DATA, Seeds.data())
        .with("sparse", VmdkSeeds.all().getFirst())
        .with("cowd", VmdkSeeds.cowd())
        .with("sesparse", VmdkSeeds.seSparse());
    disk.use(false, true, BlockOptions.of("driver", "vmdk"), backend -> new Visit(backend).run());
  }

  private static void json(String text) throws BlockException {
    JsonValue value = JsonReader.parse(text);
    String compact = JsonWriter.compact(value);
    // What is written can be read; the reference's writer has no -0, and an order of its own.
    JsonReader.parse(compact);
    for (int i = 0; i < compact.length(); i++) {
      if (Character.isISOControl(compact.charAt(i))) {
        throw new Finding("a control character in JSON");
      }
    }
    JsonWriter.pretty(value);
  }

  private static void jsonName(String text, Disk disk) throws BlockException {
    String name = ImageName.isJson(text) ? text : "json:" + text;
    BlockOptions options = ImageName.parseJson(name);
    options.toJson();
    options.section("file");
    disk.folder(true).with(Disk.IMAGE, new byte[4096]).with("x", new byte[512]);
    disk.use(false, true, ImageName.parseJson(name), backend -> new Visit(backend).run());
  }

  private static void optionString(String text) throws BlockException {
    Visit.attempt(() -> OptionString.parseCreation(text));
    OptionString.asksForHelp(text);
    Visit.attempt(() -> DottedKeys.parseOrJson(text, "file"));
    Visit.attempt(() -> new Qcow2Factory().createOptions().check(OptionString.parseCreation(text)));
    BlockOptions options = OptionString.parseImage(text, warning -> {});
    options.toJson();
    for (String name : options.names()) {
      options.string(name);
      Visit.attempt(() -> options.copy().takeSize(name));
      Visit.attempt(() -> options.copy().takeBool(name));
      Visit.attempt(() -> options.copy().takeNumber(name));
    }
  }

  private static void size(String text) throws BlockException {
    Size.deprecation(text);
    long size = Size.parse(text);
    Size.human(Math.max(0, size));
    Size.parse(text, 20);
  }

  private static void imageName(String text) throws BlockException {
    ImageName.protocol(text);
    ImageName.folder(text);
    ImageName.combine(text, "base");
    ImageName.combine("/folder/image", text);
    if (ImageName.protocol(ImageName.ofPath(text)) != null) {
      throw new Finding("a path that is taken for a protocol");
    }
    for (BlockDriverFactory driver : DRIVERS.all()) {
      if (driver.kind() == DriverKind.PROTOCOL || driver.protocol() != null) {
        Visit.attempt(() -> driver.parseFilename(text, new BlockOptions()));
      }
    }
    BlockDriverFactory driver = DRIVERS.protocolOf(text, true);
    driver.parseFilename(text, new BlockOptions());
  }
}
