// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * PBKDF2 of the host's OpenSSL, if it has one: three times as fast as the JDK's digests, and twenty
 * times where the JVM runs without its optimising compiler, so that images whose passphrase takes
 * another program two seconds take us no quarter of a minute.
 */
final class OpenSsl {
  private static final String[] LIBRARIES = {"libcrypto.so.3", "libcrypto.so.1.1"};

  private static final @Nullable OpenSsl INSTALLED = load();

  private final MethodHandle derive;
  private final MethodHandle digestByName;

  private OpenSsl(MethodHandle derive, MethodHandle digestByName) {
    this.derive = derive;
    this.digestByName = digestByName;
  }

  private static @Nullable OpenSsl load() {
    for (String name : LIBRARIES) {
      try {
        SymbolLookup library = SymbolLookup.libraryLookup(name, Arena.global());
        Optional<MemorySegment> derive = library.find("PKCS5_PBKDF2_HMAC");
        Optional<MemorySegment> digest = library.find("EVP_get_digestbyname");
        if (derive.isPresent() && digest.isPresent()) {
          Linker linker = Linker.nativeLinker();
          return new OpenSsl(
              linker.downcallHandle(
                  derive.get(),
                  FunctionDescriptor.of(
                      ValueLayout.JAVA_INT,
                      ValueLayout.ADDRESS, // password
                      ValueLayout.JAVA_INT,
                      ValueLayout.ADDRESS, // salt
                      ValueLayout.JAVA_INT,
                      ValueLayout.JAVA_INT, // iterations
                      ValueLayout.ADDRESS, // digest
                      ValueLayout.JAVA_INT,
                      ValueLayout.ADDRESS)), // key
              linker.downcallHandle(
                  digest.get(), FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS)));
        }
      } catch (IllegalArgumentException | UnsupportedOperationException e) {
        continue; // not there, or no way to call it
      }
    }
    return null;
  }

  /**
   * Fills {@code key}.
   *
   * @return whether the library did: if not, {@code key} is as it was
   */
  static boolean derive(
      HashAlgorithm hash, byte[] password, byte[] salt, long iterations, byte[] key) {
    OpenSsl library = INSTALLED;
    return library != null
        && iterations <= Integer.MAX_VALUE
        && library.call(hash, password, salt, (int) iterations, key);
  }

  private boolean call(
      HashAlgorithm hash, byte[] password, byte[] salt, int iterations, byte[] key) {
    try (Arena arena = Arena.ofConfined()) {
      var digest = (MemorySegment) digestByName.invokeExact(arena.allocateFrom(hash.word()));
      if (digest.address() == 0) {
        return false;
      }
      MemorySegment passwordCopy = arena.allocate(Math.max(1, password.length));
      MemorySegment saltCopy = arena.allocate(Math.max(1, salt.length));
      MemorySegment keyCopy = arena.allocate(Math.max(1, key.length));
      MemorySegment.copy(password, 0, passwordCopy, ValueLayout.JAVA_BYTE, 0, password.length);
      MemorySegment.copy(salt, 0, saltCopy, ValueLayout.JAVA_BYTE, 0, salt.length);
      int done =
          (int)
              derive.invokeExact(
                  passwordCopy,
                  password.length,
                  saltCopy,
                  salt.length,
                  iterations,
                  digest,
                  key.length,
                  keyCopy);
      if (done == 1) {
        MemorySegment.copy(keyCopy, ValueLayout.JAVA_BYTE, 0, key, 0, key.length);
      }
      passwordCopy.fill((byte) 0);
      keyCopy.fill((byte) 0);
      return done == 1;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e); // C functions throw nothing
    }
  }
}
