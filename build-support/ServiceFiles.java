// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the {@code META-INF/services} files that say what the compiled {@code module-info} in a
 * folder of classes provides, so that the drivers are found on a class path too.
 */
final class ServiceFiles {
  private ServiceFiles() {}

  public static void main(String[] arguments) throws IOException {
    Path classes = Path.of(arguments[0]);
    ModuleDescriptor descriptor;
    try (InputStream in = Files.newInputStream(classes.resolve("module-info.class"))) {
      descriptor = ModuleDescriptor.read(in);
    }
    Path services = classes.resolve("META-INF/services");
    for (ModuleDescriptor.Provides provides : descriptor.provides()) {
      Files.createDirectories(services);
      Files.writeString(
          services.resolve(provides.service()), String.join("\n", provides.providers()) + "\n");
    }
  }
}
