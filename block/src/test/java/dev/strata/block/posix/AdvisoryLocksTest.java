// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.Errno;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdvisoryLocksTest {
  @TempDir Path folder;
  private Path path;
  private FileDescriptor first;
  private FileDescriptor second;
  private AdvisoryLocks firstLocks;
  private AdvisoryLocks secondLocks;

  @BeforeEach
  void openTwice() throws IOException {
    assumeTrue(Posix.isAvailable(), Posix::unavailableReason);
    path = folder.resolve("a");
    first = FileDescriptorTest.create(path);
    second = FileDescriptorTest.create(path);
    firstLocks = new AdvisoryLocks(first);
    secondLocks = new AdvisoryLocks(second);
    assumeTrue(firstLocks.isSupported(), "the file system has no such locks");
  }

  @AfterEach
  void close() throws IOException {
    if (first != null) {
      first.close();
      second.close();
    }
  }

  @Test
  void exclusiveLockKeepsAnotherDescriptorOfThisProcessOut() throws IOException {
    assertTrue(firstLocks.tryLock(100, 1, true));
    assertFalse(secondLocks.tryLock(100, 1, true));
    assertFalse(secondLocks.tryLock(100, 1, false));
    assertTrue(secondLocks.isHeldElsewhere(100, 1, false));
    assertTrue(secondLocks.tryLock(101, 1, true));
    firstLocks.unlock(100, 1);
    assertTrue(secondLocks.tryLock(100, 1, true));
  }

  @Test
  void sharedLocksGoTogetherAndKeepAnExclusiveOneOut() throws IOException {
    assertTrue(firstLocks.tryLock(100, 50, false));
    assertTrue(secondLocks.tryLock(100, 1, false));
    assertFalse(secondLocks.isHeldElsewhere(100, 1, false));
    assertTrue(secondLocks.isHeldElsewhere(149, 1, true));
    assertFalse(secondLocks.isHeldElsewhere(150, 1, true));
    assertFalse(secondLocks.tryLock(100, 1, true));
  }

  @Test
  void ownLocksAreNotInTheWay() throws IOException {
    assertTrue(firstLocks.tryLock(100, 1, false));
    assertFalse(firstLocks.isHeldElsewhere(100, 1, true));
    assertTrue(firstLocks.tryLock(100, 1, true));
  }

  @Test
  void locksStayWhenAnotherDescriptorOfTheFileIsClosed() throws IOException {
    assertTrue(firstLocks.tryLock(100, 1, true));
    FileDescriptorTest.create(path).close();
    assertFalse(secondLocks.tryLock(100, 1, true));
    first.close();
    assertTrue(secondLocks.tryLock(100, 1, true));
  }

  @Test
  void posixLocksOfTheJdkConflict() throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      assertTrue(firstLocks.tryLock(100, 1, true));
      assertNull(channel.tryLock(100, 1, false));
      assertNotNull(channel.tryLock(101, 1, false));
      assertTrue(firstLocks.isHeldElsewhere(101, 1, true));
    }
  }

  @Test
  void exclusiveLockNeedsADescriptorOpenForWriting() throws IOException {
    try (FileDescriptor file = FileDescriptor.open(path, OpenFlags.READ_ONLY, 0)) {
      AdvisoryLocks locks = new AdvisoryLocks(file);
      assertTrue(locks.tryLock(100, 1, false));
      FileDescriptorTest.fails(Errno.EBADF, () -> locks.tryLock(100, 1, true));
    }
  }
}
