// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.image;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.Inspectable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.driver.SafetyFinding;
import dev.strata.block.driver.SafetyFinding.Severity;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.Edge;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.block.option.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks at an image that a stranger made: opens the file that the caller names, read-only, and none
 * that is named inside.
 *
 * <pre>{@code
 * SafetyReport report = SafetyInspection.of(ImageFile.of("upload.img"));
 * if (report.verdict() != SafetyReport.Verdict.SAFE) {
 *   report.findings().forEach(finding -> log(finding.text()));
 * }
 * }</pre>
 */
public final class SafetyInspection {
  private static final long TIB = 1L << 40;

  /** From so much on, no host is likely to have room for what an image can become. */
  private static final long HUGE = 16 * TIB;

  private static final long SPARSE_FACTOR = 1000;

  /** How much more than its file an image may hold before it is a bomb, above {@link #HARMLESS}. */
  private static final long BOMB_FACTOR = 100;

  private static final long HARMLESS = 10L << 30;

  private final ImageFile image;
  private final BlockGraph graph;
  private final List<SafetyFinding> findings = new ArrayList<>();

  private SafetyInspection(ImageFile image, BlockGraph graph) {
    this.image = image;
    this.graph = graph;
  }

  /**
   * Inspects an image; its gate and whether it would be written mean nothing here.
   *
   * @throws BlockException if the file cannot be opened at all
   */
  public static SafetyReport of(ImageFile image) throws BlockException {
    try (var graph = new BlockGraph(image.drivers(), line -> {})) {
      return new SafetyInspection(image, graph).run();
    }
  }

  private SafetyReport run() throws BlockException {
    if (!isRegular()) {
      return report(image.format() == null ? "raw" : image.format(), -1, -1);
    }
    BlockNode node = null;
    BlockException refusal = null;
    try {
      node = open(false);
    } catch (BlockException e) {
      refusal = e;
    }
    BlockNode file = node == null ? openFile(refusal) : fileOf(node);
    try (BlockBackend bytes = use(file)) {
      String format = node == null ? format(bytes, refusal) : node.skipFilters().driverName();
      inspect(bytes, format);
      secondOpinions(bytes, format);
      if (node == null) {
        explain(refusal);
        return report(format, -1, bytes.length());
      }
      try (BlockBackend disk = use(node)) {
        judgeSizes(disk, bytes);
        if (!isDangerous()) {
          check(disk, bytes);
          content(disk, format);
        }
        return report(format, disk.length(), bytes.length());
      }
    }
  }

  private SafetyReport report(String format, long virtualSize, long fileSize) {
    findings.sort(Comparator.comparing(SafetyFinding::severity).reversed());
    return new SafetyReport(image.filename(), format, virtualSize, fileSize, List.copyOf(findings));
  }

  private void add(Severity severity, String topic, String text, String advice) {
    findings.add(new SafetyFinding(severity, topic, text, advice));
  }

  private boolean isDangerous() {
    for (SafetyFinding finding : findings) {
      if (finding.severity() == Severity.DANGEROUS) {
        return true;
      }
    }
    return false;
  }

  private boolean has(String topic) {
    for (SafetyFinding finding : findings) {
      if (finding.topic().equals(topic)) {
        return true;
      }
    }
    return false;
  }

  // The file

  /** Whether it may be opened: of a pipe even that would wait for whoever is at the other end. */
  private boolean isRegular() throws BlockException {
    String name = image.filename();
    if (ImageName.isJson(name) || !image.drivers().protocolOf(name, true).name().equals("file")) {
      return true;
    }
    try {
      Path path = Path.of(ImageName.withoutProtocol(name, "file"));
      if (Files.isSymbolicLink(path)) {
        add(
            Severity.SUSPICIOUS,
            SafetyFinding.FILE,
            "is a symbolic link to '" + Files.readSymbolicLink(path) + "'",
            "inspect a copy in a folder that only you can write");
      }
      BasicFileAttributes attributes =
          Files.readAttributes(path, BasicFileAttributes.class, new LinkOption[0]);
      if (!attributes.isRegularFile()) {
        add(
            Severity.DANGEROUS,
            SafetyFinding.FILE,
            "is " + (attributes.isDirectory() ? "a folder" : "a device, pipe or socket"),
            "take images from files only");
        return false;
      }
    } catch (IOException | InvalidPathException e) {
      return true; // opening it will say what is wrong
    }
    return true;
  }

  private BlockNode open(boolean protocol) throws BlockException {
    BlockOptions options = protocol ? new BlockOptions() : image.options().copy();
    if (image.format() != null && !protocol) {
      options.put("driver", image.format());
    }
    NodeFlags flags = NodeFlags.READ_ONLY.withNoIo(true).withCheck(true);
    return graph.open(
        new OpenRequest(image.filename(), options, flags, true, protocol, OpenGate.DENY));
  }

  private BlockNode openFile(@Nullable BlockException refusal) throws BlockException {
    if (ImageName.isJson(image.filename()) && refusal != null) {
      throw refusal.during("Could not open '" + image.filename() + "'");
    }
    try {
      return open(true);
    } catch (BlockException e) {
      throw e.during("Could not open '" + image.filename() + "'");
    }
  }

  private static BlockNode fileOf(BlockNode node) {
    BlockNode image = node.skipFilters();
    Edge file = image.edge("file");
    return image.kind() == DriverKind.PROTOCOL || file == null ? image : file.node();
  }

  private BlockBackend use(BlockNode node) throws BlockException {
    return graph.use(
        node,
        "",
        new Permissions(EnumSet.noneOf(Permission.class), EnumSet.allOf(Permission.class)));
  }

  private String format(BlockBackend bytes, @Nullable BlockException refusal)
      throws BlockException {
    if (image.format() != null) {
      if (image.drivers().find(image.format()) == null && refusal != null) {
        throw refusal; // there is no such driver
      }
      return image.format();
    }
    byte[] head = read(bytes, 0, DriverRegistry.PROBE_BYTES);
    return image.drivers().probe(head, image.filename()).name();
  }

  private static byte[] read(BlockBackend from, long offset, int most) throws BlockException {
    long start = Math.max(0, offset);
    byte[] bytes = new byte[Math.clamp(from.length() - start, 0, most)];
    if (bytes.length > 0) {
      from.read(start, bytes, 0);
    }
    return bytes;
  }

  // The image

  private void inspect(BlockBackend bytes, String format) {
    BlockDriverFactory driver = image.drivers().find(format);
    if (driver instanceof Inspectable inspectable) {
      try {
        Child file = bytes.asChild("file", EdgeRole.IMAGE);
        inspectable.inspect(file, findings::add);
      } catch (BlockException e) {
        unreadable(e);
      }
    }
  }

  private void unreadable(BlockException e) {
    add(
        Severity.DANGEROUS,
        SafetyFinding.CORRUPTION,
        "cannot be read: " + e.getMessage(),
        "ask for another copy");
  }

  /** Of an image that cannot be opened, unless what was found already says why. */
  private void explain(@Nullable BlockException refusal) {
    if (refusal != null && !isDangerous() && !has(SafetyFinding.ENCRYPTION)) {
      unreadable(refusal);
    }
  }

  private void secondOpinions(BlockBackend bytes, String format) throws BlockException {
    byte[] head = read(bytes, 0, Signature.HEAD);
    byte[] tail = read(bytes, bytes.length() - Signature.TAIL, Signature.TAIL);
    var seen = new ArrayList<String>();
    for (Signature signature : Signature.ALL) {
      // Within an image of another format, what is not about the file's ends is guest data.
      boolean applies = format.equals("raw") || !signature.driver().isEmpty();
      if (applies
          && !signature.driver().equals(format)
          && signature.isIn(head, tail)
          && !seen.contains(signature.what())) {
        seen.add(signature.what());
        boolean chosen = image.format() != null && signature.severity() == Severity.DANGEROUS;
        add(
            chosen ? Severity.SUSPICIOUS : signature.severity(),
            SafetyFinding.SECOND_OPINION,
            "looks like " + signature.what(),
            signature.severity() == Severity.NOTE
                ? "nothing: disks do"
                : "say which format it is with -f, here and to every other program");
      }
    }
  }

  private void judgeSizes(BlockBackend disk, BlockBackend bytes) {
    long virtual = disk.length();
    long stored = Math.max(1, bytes.length());
    if (virtual >= HUGE || (virtual >= TIB && virtual / SPARSE_FACTOR > stored)) {
      add(
          Severity.SUSPICIOUS,
          SafetyFinding.SIZES,
          "has a disk of " + Size.human(virtual) + " in a file of " + Size.human(stored),
          "limit how much may be written where it is copied to");
    }
  }

  private void check(BlockBackend disk, BlockBackend bytes) {
    Checkable checkable = disk.node().capability(Checkable.class).orElse(null);
    if (checkable == null) {
      return;
    }
    Checkable.Result result;
    try {
      result = checkable.check(Checkable.Repair.NONE, new Silence());
    } catch (BlockException e) {
      unreadable(e);
      return;
    }
    if (result.corruptions() > 0 || result.checkErrors() > 0) {
      add(
          Severity.DANGEROUS,
          SafetyFinding.CORRUPTION,
          "has damaged metadata: "
              + result.corruptions()
              + " corruptions, "
              + result.checkErrors()
              + " places that cannot be checked",
          "ask for another copy, or repair this one with 'qemu-img check -r all'");
    } else if (result.leaks() > 0) {
      add(
          Severity.SUSPICIOUS,
          SafetyFinding.CORRUPTION,
          "has " + result.leaks() + " clusters that nothing refers to",
          "'qemu-img check -r leaks' frees them");
    }
    long cluster =
        disk.node()
            .capability(dev.strata.block.driver.ImageInfo.class)
            .map(info -> info.clusterSize())
            .orElse(0L);
    long held = Math.max(0, result.allocatedClusters());
    long most = cluster == 0 ? Long.MAX_VALUE : Long.MAX_VALUE / cluster;
    long data = held > most ? Long.MAX_VALUE : held * cluster;
    if (data > HARMLESS && data / BOMB_FACTOR > bytes.length()) {
      add(
          Severity.DANGEROUS,
          SafetyFinding.SIZES,
          "holds " + Size.human(data) + " of data in a file of " + Size.human(bytes.length()),
          "do not copy it anywhere without a limit of size");
    }
  }

  private static final class Silence implements Checkable.Listener {
    @Override
    public void found(String line) {
      // The counts will do.
    }

    @Override
    public void progress(long done, long total) {
      // Nobody waits for it.
    }
  }

  /** What the guest's first bytes would be taken for, once they are a raw image. */
  private void content(BlockBackend disk, String format) {
    if (format.equals("raw")) {
      return;
    }
    byte[] head;
    try {
      head = read(disk, 0, Signature.HEAD);
    } catch (BlockException e) {
      unreadable(e);
      return;
    }
    for (Signature signature : Signature.ALL) {
      if (!signature.driver().isEmpty() && signature.isIn(head, new byte[0])) {
        add(
            Severity.SUSPICIOUS,
            SafetyFinding.SECOND_OPINION,
            "has a guest disk that looks like " + signature.what(),
            "say '-f raw' to whatever opens a raw copy of it");
      }
    }
  }
}
