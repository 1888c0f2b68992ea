// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.quorum;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.ERANGE;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.ArrayList;
import java.util.List;

/** The driver {@code quorum}, over {@code children.0}, {@code children.1}, …. */
public final class QuorumFactory implements BlockDriverFactory {
  static final String CHILDREN = "children";
  private static final Option<Long> THRESHOLD =
      Option.number("vote-threshold", "The number of vote needed for reaching quorum");
  private static final Option<Boolean> VERIFY =
      Option.bool("blkverify", "Trigger block verify mode if set");
  private static final Option<Boolean> REWRITE =
      Option.bool("rewrite-corrupted", "Rewrite corrupted block on read quorum");
  private static final Option<String> PATTERN =
      Option.string("read-pattern", "Allowed pattern: quorum, fifo. Quorum is default")
          .suggesting("quorum", "fifo");

  /** For the service loader. */
  public QuorumFactory() {}

  @Override
  public String name() {
    return "quorum";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.VIEW;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(THRESHOLD, VERIFY, REWRITE, PATTERN);
  }

  @Override
  public List<String> contentOptions() {
    return List.of(THRESHOLD.name(), VERIFY.name(), REWRITE.name(), PATTERN.name());
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    int count = countChildren(options);
    QuorumRules rules = rules(options, count);
    var children = new ArrayList<Child>(count);
    for (int i = 0; i < count; i++) {
      children.add(context.child(CHILDREN + "." + i, EdgeRole.DATA));
    }
    return new QuorumDriver(context, List.copyOf(children), rules);
  }

  private static int countChildren(BlockOptions options) throws BlockException {
    int count = 0;
    while (isGiven(options, CHILDREN + "." + count)) {
      count++;
    }
    for (String name : options.names()) {
      if (name.startsWith(CHILDREN + ".") && !isOneOf(name, count)) {
        throw new BlockException(EINVAL, "Option " + CHILDREN + " is not a valid array");
      }
    }
    if (count == 0) {
      throw new BlockException(EINVAL, "Number of provided children must be 1 or more");
    }
    return count;
  }

  private static boolean isGiven(BlockOptions options, String child) {
    return options.has(child) || options.hasSection(child);
  }

  private static boolean isOneOf(String name, int count) {
    int start = CHILDREN.length() + 1;
    int dot = name.indexOf('.', start);
    String index = dot < 0 ? name.substring(start) : name.substring(start, dot);
    for (int i = 0; i < count; i++) {
      if (index.equals(Integer.toString(i))) {
        return true;
      }
    }
    return false;
  }

  private static QuorumRules rules(BlockOptions options, int count) throws BlockException {
    long threshold = options.take(THRESHOLD, 0L);
    if (threshold < 1) {
      throw new BlockException(ERANGE, "Parameter '" + THRESHOLD.name() + "' expects a value >= 1");
    }
    if (threshold > count) {
      throw new BlockException(ERANGE, "threshold may not exceed children count");
    }
    String pattern = options.take(PATTERN, "quorum");
    if (!pattern.equals("quorum") && !pattern.equals("fifo")) {
      throw new BlockException(EINVAL, "Please set read-pattern as fifo or quorum");
    }
    boolean verify = options.take(VERIFY, false);
    boolean rewrite = options.take(REWRITE, false);
    if (pattern.equals("fifo")) {
      return new QuorumRules((int) threshold, true, false, false);
    }
    if (verify && (count != 2 || threshold != 2)) {
      throw new BlockException(
          EINVAL,
          "blkverify=on can only be set if there are exactly two files and vote-threshold is 2");
    }
    if (verify && rewrite) {
      throw new BlockException(EINVAL, "rewrite-corrupted=on cannot be used with blkverify=on");
    }
    return new QuorumRules((int) threshold, false, verify, rewrite);
  }
}
