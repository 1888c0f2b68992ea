// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The host's folder, changed without ever leaving it: every name is looked up in the open folder
 * above it, and no link is followed, whoever puts one there meanwhile. What is in the making, or no
 * longer wanted, lies in a folder of its own inside, which nobody else looks into.
 */
final class HostFolder implements AutoCloseable {
  /** What the name of that folder begins with. */
  static final String WORK = ".strata-vvfat-";

  private final SecureDirectoryStream<Path> top;
  private final Path workPath;
  private final SecureDirectoryStream<Path> work;

  private HostFolder(
      SecureDirectoryStream<Path> top, Path workPath, SecureDirectoryStream<Path> work) {
    this.top = top;
    this.workPath = workPath;
    this.work = work;
  }

  /**
   * Opens the folder and makes one for the work in it.
   *
   * @param key of the folder that has to be there
   */
  static HostFolder open(Path folder, @Nullable Object key) throws IOException {
    SecureDirectoryStream<Path> top = secure(Files.newDirectoryStream(folder));
    try {
      Object now =
          top.getFileAttributeView(BasicFileAttributeView.class).readAttributes().fileKey();
      if (!Objects.equals(now, key)) {
        throw new IOException("it is another folder now");
      }
      Path workPath = Files.createTempDirectory(folder, WORK);
      Path name = Objects.requireNonNull(workPath.getFileName());
      return new HostFolder(top, workPath, top.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS));
    } catch (IOException e) {
      top.close();
      throw e;
    }
  }

  /** Whether folders can be changed so here. */
  static boolean isPossible(Path folder) throws IOException {
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      return stream instanceof SecureDirectoryStream<Path>;
    }
  }

  private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream)
      throws IOException {
    if (stream instanceof SecureDirectoryStream<Path> secure) {
      return secure;
    }
    stream.close();
    throw new IOException("files cannot be changed safely here");
  }

  private SecureDirectoryStream<Path> folder(List<String> place) throws IOException {
    var at = top.newDirectoryStream(Path.of("."), LinkOption.NOFOLLOW_LINKS);
    for (String name : place) {
      SecureDirectoryStream<Path> above = at;
      try {
        at = above.newDirectoryStream(HostName.relative(name), LinkOption.NOFOLLOW_LINKS);
      } finally {
        above.close();
      }
    }
    return at;
  }

  private static List<String> above(List<String> place) {
    return place.subList(0, place.size() - 1);
  }

  private static Path last(List<String> place) {
    return HostName.relative(place.getLast());
  }

  /** What is at that place, a link itself; null if nothing is. */
  @Nullable BasicFileAttributes attributes(List<String> place) throws IOException {
    try (SecureDirectoryStream<Path> in = folder(above(place))) {
      return in.getFileAttributeView(
              last(place), BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
          .readAttributes();
    } catch (NoSuchFileException | NotDirectoryException e) {
      return null;
    }
  }

  /** A new file for the work. */
  FileChannel create(String workName) throws IOException {
    SeekableByteChannel channel =
        work.newByteChannel(
            Path.of(workName), Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
    return (FileChannel) channel; // of the default file system it is one
  }

  /**
   * Gives a file of the work its time and, if it is to stand for another, that one's permissions.
   */
  void finish(String workName, FileTime written, @Nullable List<String> like) throws IOException {
    Path name = Path.of(workName);
    if (like != null) {
      try (SecureDirectoryStream<Path> in = folder(above(like))) {
        PosixFileAttributeView old =
            in.getFileAttributeView(
                last(like), PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        work.getFileAttributeView(name, PosixFileAttributeView.class)
            .setPermissions(old.readAttributes().permissions());
      }
    }
    work.getFileAttributeView(name, BasicFileAttributeView.class).setTimes(written, null, null);
  }

  /** Takes a file out of its place. */
  void take(List<String> place, String workName) throws IOException {
    try (SecureDirectoryStream<Path> in = folder(above(place))) {
      in.move(last(place), work, Path.of(workName));
    }
  }

  /** Puts a file in its place; one that is there is there no longer. */
  void put(String workName, List<String> place) throws IOException {
    try (SecureDirectoryStream<Path> in = folder(above(place))) {
      work.move(Path.of(workName), in, last(place));
    }
  }

  /** Makes a folder. */
  void createFolder(List<String> place, String workName) throws IOException {
    Files.createDirectory(workPath.resolve(workName));
    put(workName, place);
  }

  /** Removes an empty folder. */
  void deleteFolder(List<String> place) throws IOException {
    try (SecureDirectoryStream<Path> in = folder(above(place))) {
      in.deleteDirectory(last(place));
    }
  }

  /** The names in a folder. */
  List<Path> list(List<String> place) throws IOException {
    var names = new ArrayList<Path>();
    try (SecureDirectoryStream<Path> in = folder(place)) {
      for (Path each : in) {
        names.add(each);
      }
    }
    return names;
  }

  /** Returns when a folder's names are on stable storage. */
  void sync(List<String> place) throws IOException {
    try (SecureDirectoryStream<Path> in = folder(place);
        SeekableByteChannel channel =
            in.newByteChannel(Path.of("."), Collections.singleton(StandardOpenOption.READ))) {
      ((FileChannel) channel).force(true);
    }
  }

  /** Removes what is left of the work. */
  void deleteWork() throws IOException {
    for (Path each : work) {
      work.deleteFile(Objects.requireNonNull(each.getFileName()));
    }
    top.deleteDirectory(Objects.requireNonNull(workPath.getFileName()));
  }

  /** Where the work is done, for who has to look for what was left there. */
  Path work() {
    return workPath;
  }

  @Override
  public void close() throws IOException {
    try (top) {
      work.close();
    }
  }
}
