// SPDX-License-Identifier: Apache-2.0

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * Holds every Java source under a folder to google-java-format: {@code check FOLDER} lists the
 * files that differ and fails, {@code apply FOLDER} rewrites them.
 *
 * <p>A program of its own, because the formatter parses with the Java that runs it: Maven's may be
 * older than the sources.
 */
final class Format {
  private Format() {}

  public static void main(String[] arguments) throws IOException {
    boolean apply = arguments[0].equals("apply");
    List<Path> sources = sources(Path.of(arguments[1]));
    Set<String> differing = new ConcurrentSkipListSet<>();
    Set<String> broken = new ConcurrentSkipListSet<>();
    sources.parallelStream()
        .forEach(source -> {
          try {
            String text = Files.readString(source);
            String formatted = new Formatter().formatSourceAndFixImports(text);
            if (!formatted.equals(text)) {
              differing.add(source.toString());
              if (apply) {
                Files.writeString(source, formatted);
              }
            }
          } catch (FormatterException | IOException e) {
            broken.add(source + ": " + e.getMessage());
          }
        });
    differing.forEach(
        name -> System.err.println((apply ? "formatted: " : "not formatted: ") + name));
    broken.forEach(System.err::println);
    if (!apply && !differing.isEmpty()) {
      System.err.println("'mvn -N -Pformat process-sources' formats them");
    }
    if (!broken.isEmpty() || (!apply && !differing.isEmpty())) {
      System.exit(1);
    }
  }

  private static List<Path> sources(Path folder) throws IOException {
    List<Path> found = new ArrayList<>();
    Set<String> generated = Set.of("target", ".build", ".git", ".dev");
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            return generated.contains(directory.getFileName().toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.getFileName().toString().endsWith(".java")) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return found;
  }
}
