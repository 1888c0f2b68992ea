// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The options of a new LUKS volume, taken from among an image's, and the writing of its header.
 *
 * @param keySecret the secret with the passphrase, or null if none was named
 * @param iterMillis how long unlocking by the passphrase is to take on this machine
 * @see "QEMU qapi/crypto.json, QCryptoBlockCreateOptionsLUKS"
 */
public record LuksCreation(
    @Nullable String keySecret,
    CipherAlgorithm cipher,
    CipherMode mode,
    IvAlgorithm iv,
    @Nullable HashAlgorithm ivHash,
    HashAlgorithm hash,
    long iterMillis) {
  private static final long DEFAULT_ITER_MILLIS = 2000;
  private static final long MIN_ITERATIONS = 1000;
  private static final long MAX_ITERATIONS = 0xffff_ffffL;

  /** The digest of the key is made for every slot that is tried: it takes this part of the time. */
  private static final int DIGEST_SHARE = 8;

  /** {@code PREFIXcipher-alg}. */
  public static Option<String> cipherOption(String prefix) {
    return Option.string(prefix + "cipher-alg", "Name of encryption cipher algorithm")
        .suggesting(
            "aes-128",
            "aes-192",
            "aes-256",
            "cast5-128",
            "serpent-128",
            "serpent-192",
            "serpent-256",
            "twofish-128",
            "twofish-192",
            "twofish-256");
  }

  /** {@code PREFIXcipher-mode}. */
  public static Option<String> modeOption(String prefix) {
    return Option.string(prefix + "cipher-mode", "Name of encryption cipher mode")
        .suggesting("ecb", "cbc", "xts", "ctr");
  }

  /** {@code PREFIXivgen-alg}. */
  public static Option<String> ivOption(String prefix) {
    return Option.string(prefix + "ivgen-alg", "Name of IV generator algorithm")
        .suggesting("plain", "plain64", "essiv");
  }

  /** {@code PREFIXivgen-hash-alg}. */
  public static Option<String> ivHashOption(String prefix) {
    return Option.string(prefix + "ivgen-hash-alg", "Name of IV generator hash algorithm")
        .suggesting("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ripemd160");
  }

  /** {@code PREFIXhash-alg}. */
  public static Option<String> hashOption(String prefix) {
    return Option.string(prefix + "hash-alg", "Name of encryption hash algorithm")
        .suggesting("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ripemd160");
  }

  /** {@code PREFIXiter-time}. */
  public static Option<Long> iterTimeOption(String prefix) {
    return Option.number(prefix + "iter-time", "Time to spend in PBKDF in milliseconds");
  }

  /** Takes the options, whose names have no prefix here. */
  public static LuksCreation take(BlockOptions options) throws BlockException {
    String secret = options.takeString("key-secret");
    String cipherWord = options.takeString("cipher-alg");
    String modeWord = options.takeString("cipher-mode");
    String ivWord = options.takeString("ivgen-alg");
    String ivHashWord = options.takeString("ivgen-hash-alg");
    String hashWord = options.takeString("hash-alg");
    Long iterTime = options.takeNumber("iter-time");
    CipherAlgorithm cipher = CipherAlgorithm.AES_256;
    if (cipherWord != null) {
      if (cipherWord.equals("des") || cipherWord.equals("3des")) {
        throw new BlockException(Errno.EINVAL, "Algorithm '" + cipherWord + "' not supported");
      }
      cipher = known("cipher-alg", cipherWord, CipherAlgorithm.named(cipherWord));
    }
    CipherMode mode =
        modeWord == null
            ? CipherMode.XTS
            : known("cipher-mode", modeWord, CipherMode.named(modeWord));
    IvAlgorithm iv =
        ivWord == null
            ? IvAlgorithm.PLAIN64
            : known("ivgen-alg", ivWord, IvAlgorithm.named(ivWord));
    HashAlgorithm ivHash =
        ivHashWord == null
            ? null
            : known("ivgen-hash-alg", ivHashWord, HashAlgorithm.named(ivHashWord));
    if (ivHash == null && iv == IvAlgorithm.ESSIV) {
      ivHash = HashAlgorithm.SHA256;
    }
    HashAlgorithm hash =
        hashWord == null
            ? HashAlgorithm.SHA256
            : known("hash-alg", hashWord, HashAlgorithm.named(hashWord));
    return new LuksCreation(
        secret, cipher, mode, iv, ivHash, hash, iterTime == null ? DEFAULT_ITER_MILLIS : iterTime);
  }

  private static <T> T known(String parameter, String word, @Nullable T found)
      throws BlockException {
    if (found == null) {
      throw new BlockException(
          Errno.EINVAL, "Parameter '" + parameter + "' does not accept value '" + word + "'");
    }
    return found;
  }

  /** Checks that the parts go together. */
  private CipherSuite suite() throws BlockException {
    return CipherSuite.of(cipher, mode, iv, ivHash);
  }

  /** How large the header with all its key slots is, in bytes. */
  public long headerBytes() throws BlockException {
    return LuksHeader.bytesFor(suite().keyBytes());
  }

  /** Writes the header into {@code area}, which has room for {@link #headerBytes}. */
  public void write(HeaderArea area, byte[] password) throws BlockException {
    CipherSuite suite = suite();
    int keyBytes = suite.keyBytes();
    var random = new SecureRandom();
    var key = new byte[keyBytes];
    random.nextBytes(key);
    var salt = new byte[LuksHeader.SALT_BYTES];
    random.nextBytes(salt);
    long digestIterations = iterations(LuksHeader.DIGEST_BYTES, DIGEST_SHARE);
    String modeSpec = mode.word() + "-" + iv.word();
    var header =
        new LuksHeader(
            cipher.family().headerName,
            ivHash == null ? modeSpec : modeSpec + ":" + ivHash.word(),
            hash.word(),
            LuksHeader.bytesFor(keyBytes) / LuksHeader.SECTOR,
            keyBytes,
            Pbkdf2.derive(hash, key, salt, digestIterations, LuksHeader.DIGEST_BYTES),
            salt,
            digestIterations,
            UUID.randomUUID().toString(),
            LuksHeader.emptySlots(keyBytes));
    try {
      LuksVolume.create(area, header, key, password, iterations(keyBytes, 1)).close();
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  private long iterations(int bytes, int share) throws BlockException {
    return iterations(hash, bytes, iterMillis, share);
  }

  /** How many iterations make a key of that size in {@code millis / share}, on this machine. */
  static long iterations(HashAlgorithm hash, int bytes, long millis, int share)
      throws BlockException {
    long perSecond = Pbkdf2.iterationsPerSecond(hash, bytes, System::nanoTime);
    // As the reference does, which takes the time for unsigned.
    if (millis < 0 || millis / 1000 >= MAX_ITERATIONS / perSecond) {
      throw new BlockException(
          Errno.ERANGE,
          "PBKDF iterations "
              + Long.toUnsignedString(millis)
              + " ms would take do not fit into the header");
    }
    return Math.clamp(perSecond * millis / 1000 / share, MIN_ITERATIONS, MAX_ITERATIONS);
  }
}
