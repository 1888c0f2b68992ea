// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import dev.strata.block.driver.NodeFlags;
import java.util.ArrayList;
import java.util.List;

/** Opens an image for reading and does what tools do; nothing in the folder may change. */
record ImageTarget(String name, FuzzedFormat format, Disk disk) implements FuzzTarget {
  @Override
  public boolean speaksOfDamage() {
    return true;
  }

  @Override
  public List<byte[]> seeds() {
    return Scripts.of(format.sound().size());
  }

  @Override
  public void run(byte[] input) throws BlockException {
    byte[] image = format.image(input);
    OneFolder folder = disk.folder(false);
    folder.with(Disk.IMAGE, image).with(Seeds.BASE, Seeds.base()).with(Seeds.DATA, Seeds.data());
    if (format.isLocked()) {
      NodeFlags flags = NodeFlags.READ_ONLY.withNoIo(true);
      disk.use(flags, false, format.options().copy(), backend -> new Visit(backend).info());
      return;
    }
    try {
      // With its backing file as convert does.
      disk.use(false, true, format.options().copy(), backend -> new Visit(backend).run());
    } catch (BlockException e) {
      // Without it as info does.
      disk.use(false, false, format.options().copy(), backend -> new Visit(backend).run());
    }
  }

  /** Inputs that choose a sound image, or damage one a little. */
  static final class Scripts {
    private static final byte[] STEP = {0, 0, 0, 0, 0, 0};

    private Scripts() {}

    static List<byte[]> of(int images) {
      var all = new ArrayList<byte[]>();
      for (int i = 0; i < images; i++) {
        all.add(new byte[] {(byte) i});
        for (int what = 0; what < 12; what += 3) {
          var script = new byte[1 + STEP.length];
          script[0] = (byte) i;
          script[1] = (byte) what;
          script[3] = (byte) (8 + what);
          script[4] = (byte) what;
          all.add(script);
        }
      }
      return all;
    }
  }
}
