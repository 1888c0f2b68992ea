// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.ImageStamp;
import dev.strata.block.driver.ImageStream;
import dev.strata.block.driver.Inspectable;
import dev.strata.block.driver.Measurable;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.SafetyFinding;
import dev.strata.block.driver.Streamable;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import dev.strata.formats.crypto.EncryptionOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The qcow2 driver. */
public final class Qcow2Factory implements BlockDriverFactory, Measurable, Inspectable, Streamable {
  /** For the service loader. */
  public Qcow2Factory() {}

  @Override
  public String name() {
    return "qcow2";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FORMAT;
  }

  @Override
  public List<String> resettableOptions() {
    var names = new ArrayList<String>();
    for (Option<?> each : Qcow2Options.SCHEMA) {
      if (!each.name().startsWith("encrypt.")) {
        names.add(each.name());
      }
    }
    return List.copyOf(names);
  }

  @Override
  public OptionSchema openOptions() {
    return Qcow2Options.SCHEMA;
  }

  @Override
  public OptionSchema createOptions() {
    return Qcow2Create.SCHEMA;
  }

  @Override
  public OptionSchema amendOptions() {
    return Qcow2Amend.SCHEMA;
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public boolean grows() {
    return true;
  }

  @Override
  public boolean compresses() {
    return true;
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    Qcow2Create.take(options).run(context);
  }

  @Override
  public ImageStream stream(BlockOptions options, boolean compressed, ImageStamp stamp)
      throws BlockException {
    return Qcow2Create.take(options).stream(compressed);
  }

  @Override
  public Measurement measure(BlockOptions options, @Nullable Source source) throws BlockException {
    return measure(options, source, new ObjectRegistry());
  }

  @Override
  public Measurement measure(BlockOptions options, @Nullable Source source, ObjectRegistry objects)
      throws BlockException {
    return Qcow2Measure.take(options, objects).run(source);
  }

  @Override
  public void inspect(Child file, Consumer<SafetyFinding> found) throws BlockException {
    Qcow2Inspection.run(file, found);
  }

  @Override
  public boolean supportsBacking() {
    return true;
  }

  @Override
  public List<String> contentOptions() {
    return List.of(EncryptionOptions.KEY_SECRET);
  }

  @Override
  public int probe(byte[] head, String filename) {
    return head.length >= 8
            && ByteBuffer.wrap(head).getInt(0) == (int) Qcow2Header.MAGIC
            && ByteBuffer.wrap(head).getInt(4) >= 2
        ? 100
        : 0;
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return Qcow2Open.open(context, options);
  }
}
