// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.GuestFault;
import dev.strata.system.cpu.PageWalker;
import dev.strata.system.cpu.ir.Block;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.AddressSpaceListener;
import dev.strata.system.memory.FlatRange;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Virtual memory as one processor sees it: its TLBs, and the code it has decoded. Of its thread,
 * but for what other threads queue.
 */
public class GuestMemory extends Flags implements AddressSpaceListener {
  /** A store would change the running block: the instruction is to be run again on its own. */
  public static final int RUN_ALONE = -2;

  static final long PAGE = ~0xfffL;

  /** Physical memory. */
  protected final AddressSpace space;

  /** Raised by what the guest does wrong. */
  public final GuestFault fault = new GuestFault();

  private final SoftTlb[] tlbs;
  private SoftTlb tlb;

  // Of the TLB selected: a region asks so often that two steps less are worth it.
  private long[] readTags;
  private long[] writeTags;
  private long[] addends;
  int mmuMode;

  /** How what is run is decoded. */
  int mode;

  private PageWalker walker = (address, access, mode) -> address | PageWalker.WRITABLE;

  private final Map<Long, CodePage> codePages = new HashMap<>();
  private final ConcurrentLinkedQueue<long[]> foreignWrites = new ConcurrentLinkedQueue<>();
  private volatile boolean topologyChanged;

  final JumpCache jumps = new JumpCache();

  /** Not 0 when the processor shall look up between blocks; bits are the guest's. */
  protected volatile int attention;

  @Nullable Block current;

  /** The region that runs, if one does: then there is no current block but in calls. */
  @Nullable Region running;

  /** Changes with all that a pc or an address could lead elsewhere by. */
  public int generation;

  /** Of the last {@link #slowLoad} or {@link #slowStore}: its page, or {@link #NO_PAGE}. */
  public long pageTag;

  /** Host address minus virtual address of that page. */
  public long pageAddend;

  /** No page's address, as in the TLB. */
  public static final long NO_PAGE = SoftTlb.NONE;

  GuestMemory(AddressSpace space, int mmuModes) {
    this.space = space;
    tlbs = new SoftTlb[mmuModes];
    for (int i = 0; i < mmuModes; i++) {
      tlbs[i] = new SoftTlb();
    }
    tlb = tlbs[0];
    readTags = tlb.read;
    writeTags = tlb.write;
    addends = tlb.addend;
    space.addListener(this);
  }

  final void walker(PageWalker newWalker) {
    walker = newWalker;
  }

  /** Selects the TLB, as privilege changes. */
  public final void mmuMode(int newMode) {
    if (mmuMode != newMode) {
      generation++;
    }
    mmuMode = newMode;
    tellJumps();
    tlb = tlbs[newMode];
    readTags = tlb.read;
    writeTags = tlb.write;
    addends = tlb.addend;
  }

  /** After a change of one of the modes. */
  final void tellJumps() {
    jumps.mode(mode | mmuMode << 16);
  }

  /** The one selected. */
  public final int mmuMode() {
    return mmuMode;
  }

  /** Forgets all translations. */
  public final void flushTlb() {
    generation++;
    for (SoftTlb t : tlbs) {
      t.flush();
    }
    jumps.forget();
  }

  /** Forgets what is not the same in all address spaces. */
  public final void flushLocal() {
    generation++;
    for (SoftTlb t : tlbs) {
      t.flushLocal();
    }
    jumps.forgetLocal();
  }

  /** Forgets one page's translations. */
  public final void flushPage(long linear) {
    generation++;
    for (SoftTlb t : tlbs) {
      if (t.flush(linear)) {
        jumps.forget();
      }
    }
    jumps.forgetPage(linear);
  }

  @Override
  public void topologyChanged() {
    topologyChanged = true;
    attend();
  }

  @Override
  public void codeWritten(long address, long length) {
    foreignWrites.add(new long[] {address, length});
    attend();
  }

  /** Makes the processor look up. */
  protected void attend() {
    attention |= 1;
  }

  /** Does what other threads have asked for. */
  protected final void catchUp() {
    if (topologyChanged) {
      topologyChanged = false;
      codePages.values().forEach(CodePage::drop);
      codePages.clear();
      flushTlb();
    }
    for (long[] write = foreignWrites.poll(); write != null; write = foreignWrites.poll()) {
      long from = write[0];
      long left = write[1];
      while (left > 0) {
        int part = (int) Math.min(left, 4096 - (from & 4095));
        CodePage page = codePages.get(from & PAGE);
        if (page != null && page.covers((int) (from & 4095), (int) (from & 4095) + part)) {
          drop(page);
        }
        from += part;
        left -= part;
      }
    }
  }

  private void drop(CodePage page) {
    generation++;
    page.drop();
    jumps.forget();
  }

  // --- loads and stores ---

  /** Reads 1 << size bytes, zero-extended. */
  public final long load(long address, int size) {
    SoftTlb t = tlb;
    int index = (int) (address >>> 12) & (SoftTlb.ENTRIES - 1);
    if (t.read[index] != (address + (1 << size) - 1 & PAGE)) {
      return loadSlowly(address, size, PageWalker.READ);
    }
    return HostMemory.read(t.addend[index] + address, size);
  }

  /** As {@link #load}, where a write must be allowed too. */
  public final long loadToWrite(long address, int size) {
    SoftTlb t = tlb;
    int index = (int) (address >>> 12) & (SoftTlb.ENTRIES - 1);
    if (t.write[index] != (address + (1 << size) - 1 & PAGE)) {
      return loadSlowly(address, size, PageWalker.WRITE);
    }
    return HostMemory.read(t.addend[index] + address, size);
  }

  /** Writes 1 << size bytes. */
  public final void store(long address, int size, long value) {
    SoftTlb t = tlb;
    int index = (int) (address >>> 12) & (SoftTlb.ENTRIES - 1);
    if (t.write[index] != (address + (1 << size) - 1 & PAGE)) {
      storeSlowly(address, size, value);
      return;
    }
    HostMemory.write(t.addend[index] + address, size, value);
  }

  // These two are so short that even C1 inlines them.

  /**
   * Host address minus virtual address of a page in the TLB that may be read; 0 if it is not there.
   *
   * @param tag the page's address, and bits that are set if {@code address} is not aligned
   */
  public final long addendToRead(long address, long tag) {
    int index = (int) (address >>> 12) & (SoftTlb.ENTRIES - 1);
    if (readTags[index] != tag) {
      return 0;
    }
    return addends[index];
  }

  /** The same of a page that may be written, too. */
  public final long addendToWrite(long address, long tag) {
    int index = (int) (address >>> 12) & (SoftTlb.ENTRIES - 1);
    if (writeTags[index] != tag) {
      return 0;
    }
    return addends[index];
  }

  /** As {@link #load}; tells the page if others of its bytes may be read directly. */
  public final long slowLoad(long address, int size) {
    return slowLoad(address, size, tlb.read, PageWalker.READ);
  }

  /** As {@link #loadToWrite}; tells the page. */
  public final long slowLoadToWrite(long address, int size) {
    return slowLoad(address, size, tlb.write, PageWalker.WRITE);
  }

  private long slowLoad(long address, int size, long[] tags, int access) {
    int index = (int) (address >>> 12) & (SoftTlb.ENTRIES - 1);
    long last = address + (1 << size) - 1 & PAGE;
    long value =
        tags[index] == last
            ? HostMemory.read(tlb.addend[index] + address, size)
            : loadSlowly(address, size, access);
    tell(tags, index, last);
    return value;
  }

  /** As {@link #store}; tells the page. */
  public final void slowStore(long address, int size, long value) {
    int index = (int) (address >>> 12) & (SoftTlb.ENTRIES - 1);
    long[] tags = tlb.write;
    long last = address + (1 << size) - 1 & PAGE;
    if (tags[index] == last) {
      HostMemory.write(tlb.addend[index] + address, size, value);
    } else {
      storeSlowly(address, size, value);
    }
    tell(tags, index, last);
  }

  private void tell(long[] tags, int index, long page) {
    boolean direct = tags[index] == page;
    pageTag = direct ? page : NO_PAGE;
    pageAddend = direct ? tlb.addend[index] : 0;
  }

  private long loadSlowly(long address, int size, int access) {
    int bytes = 1 << size;
    if ((address & 4095) + bytes > 4096) {
      int first = 4096 - (int) (address & 4095);
      long low = translate(address, access);
      long high = translate((address | 4095) + 1, access);
      long value = 0;
      for (int i = 0; i < bytes; i++) {
        long at = i < first ? low + i : high + (i - first);
        value |= space.read(at, 1) << (8 * i);
      }
      return value;
    }
    return space.read(translate(address, access), bytes);
  }

  private void storeSlowly(long address, int size, long value) {
    int bytes = 1 << size;
    if ((address & 4095) + bytes > 4096) {
      int first = 4096 - (int) (address & 4095);
      long low = translate(address, PageWalker.WRITE);
      long high = translate((address | 4095) + 1, PageWalker.WRITE);
      for (int i = 0; i < bytes; i++) {
        storePhysical(i < first ? low + i : high + (i - first), 1, value >>> (8 * i));
      }
      return;
    }
    storePhysical(translate(address, PageWalker.WRITE), bytes, value);
  }

  private void storePhysical(long physical, int bytes, long value) {
    FlatRange range = space.lookup(physical);
    if (range != null && range.region().writable()) {
      long masked = physical & space.addressMask();
      long offset = range.offset(masked);
      if (range.remaining(masked) >= bytes) {
        if (range.region().hasCode(offset, bytes)) {
          beforeStoreToCode(masked, bytes);
        }
        HostMemory.write(
            range.region().hostAddress() + offset, Integer.numberOfTrailingZeros(bytes), value);
        return;
      }
    }
    space.write(physical, bytes, value);
  }

  private void beforeStoreToCode(long physical, int bytes) {
    CodePage page = codePages.get(physical & PAGE);
    int from = (int) (physical & 4095);
    if (page == null || !page.covers(from, from + bytes)) {
      return;
    }
    Region region = running;
    if (region != null && region.covers(page.address)) {
      throw fault.with(RUN_ALONE, 0);
    }
    Block block = current;
    if (region == null
        && block != null
        && block.instructions > 1
        && ((block.physical & PAGE) == page.address || block.secondPage == page.address)) {
      throw fault.with(RUN_ALONE, 0);
    }
    drop(page);
  }

  private long walkedTo; // the last translation, with what is known of its page

  /** The physical address, entering the translation into the TLB if it may be. */
  public final long translate(long address, int access) {
    long walked = walker.walk(address, access, mmuMode);
    long physical = walked & PageWalker.ADDRESS;
    walkedTo = walked;
    FlatRange range = space.lookup(physical);
    long mask = space.addressMask();
    if (range != null && range.region().readable() && access != PageWalker.FETCH) {
      long page = physical & mask & PAGE;
      if (page >= range.start() && page + 4095 <= range.last()) {
        long offset = range.offset(page);
        SoftTlb t = tlb;
        int index = (int) (address >>> 12) & (SoftTlb.ENTRIES - 1);
        long tag = address & PAGE;
        boolean write =
            walked < 0 && range.region().writable() && !range.region().hasCode(offset, 4096);
        t.enter(index, tag, range.region().hostAddress() + offset - tag, walked, write);
      }
    }
    return physical;
  }

  // --- code ---

  final @Nullable Block decoded(long physical, int mode) {
    CodePage page = codePages.get(physical & PAGE);
    return page == null ? null : page.find(physical, mode);
  }

  /** From now on a region runs instead of its entry, as long as none of its blocks changes. */
  public final void add(Region region) {
    for (long page : region.pages) {
      codePages.computeIfAbsent(page, CodePage::new).add(region);
    }
    region.entry.translation = region;
  }

  /** A byte of code, for the decoder. */
  public final int fetch(long linear) {
    long page = linear & PAGE;
    if (page != fetchPage) {
      fetchPhysical = codePage(page).address;
      fetchPage = page;
    }
    long physical = fetchPhysical + (linear & 4095);
    return (int) space.read(physical, 1);
  }

  private long fetchPage = 1;
  private long fetchPhysical;

  /** The page of code that a linear address leads to. */
  private CodePage codePage(long linear) {
    long tag = linear & PAGE;
    SoftTlb t = tlb;
    int index = (int) (linear >>> 12) & (SoftTlb.ENTRIES - 1);
    CodePage known = t.code[index];
    if (known != null && t.execute[index] == tag) {
      return known;
    }
    long physical = translate(tag, PageWalker.FETCH) & space.addressMask();
    CodePage page = codePages.computeIfAbsent(physical, CodePage::new);
    t.enter(index, tag, page, walkedTo);
    return page;
  }

  /** The block at a linear address: found, or decoded. */
  final Block find(long linear, int mode, Guest guest) {
    CodePage page = codePage(linear);
    long physical = page.address | (linear & ~PAGE);
    Block block = page.find(physical, mode);
    if (block != null
        && block.secondPage != -1
        && codePage((linear | 4095) + 1).address != block.secondPage) {
      drop(page);
      block = null;
    }
    if (block == null) {
      block = decode(linear, physical, mode, page, guest);
    }
    return block;
  }

  /** The block at a linear address, which jumps find from now on. */
  final Block enter(long linear, int mode, Guest guest) {
    Block block = find(linear, mode, guest);
    jumps.enter(linear, block, block.secondPage == -1 && tlb.isCodeGlobal(linear));
    return block;
  }

  private Block decode(long linear, long physical, int mode, CodePage page, Guest guest) {
    // Before it is read, so that what a device writes meanwhile is noticed.
    mark(page);
    fetchPage = 1;
    Block block = guest.decode(linear, mode);
    int start = (int) (physical & 4095);
    CodePage second = null;
    if (start + block.length > 4096) {
      second = codePage((linear | 4095) + 1);
      mark(second);
      block = guest.decode(linear, mode);
      block.secondPage = second.address;
      second.cover(0, start + block.length - 4096);
    }
    fetchPage = 1;
    block.physical = physical;
    page.cover(start, Math.min(start + block.length, 4096));
    if (cacheable(physical) && (second == null || cacheable(block.secondPage))) {
      page.add(block);
      if (second != null) {
        second.addStraddling(block);
      }
    }
    return block;
  }

  // Code in device registers is decoded anew each time.
  private boolean cacheable(long physical) {
    FlatRange range = space.lookup(physical);
    return range != null && range.region().readable();
  }

  private void mark(CodePage page) {
    if (page.mark(space)) {
      for (SoftTlb t : tlbs) {
        t.flushWrites();
      }
    }
  }
}
