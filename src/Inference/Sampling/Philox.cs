using System.Runtime.CompilerServices;

namespace Meridian.Inference.Sampling;

/// <summary>
/// Philox4x32-10, a counter-based random number generator. A draw is a function of its key and counter, so a sequence that moves to another replica
/// carries no generator state.
/// </summary>
/// <remarks>J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: Parallel Random Numbers: As Easy as 1, 2, 3 (SC 2011), section 3.3.</remarks>
internal static class Philox
{
    private const uint MultiplierA = 0xD2511F53;
    private const uint MultiplierB = 0xCD9E8D57;
    private const uint WeylA = 0x9E3779B9;
    private const uint WeylB = 0xBB67AE85;
    private const int Rounds = 10;

    /// <summary>
    /// The random number for one token of a choice: key = seed (low word first), counter = (position, choice, 0, 0).
    /// </summary>
    /// <returns>Uniform in [0, 1), a multiple of 2^-53: the first output word's 32 bits, then the upper 21 of the second.</returns>
    public static double Uniform(long seed, int choice, int position)
    {
        var (a, b, _, _) = Block((uint)position, (uint)choice, 0, 0, (uint)seed, (uint)((ulong)seed >> 32));
        return (((ulong)a << 21) | (b >> 11)) * (1.0 / (1UL << 53));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (uint A, uint B, uint C, uint D) Block(uint a, uint b, uint c, uint d, uint keyA, uint keyB)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var left = (ulong)MultiplierA * a;
            var right = (ulong)MultiplierB * c;
            (a, b, c, d) = ((uint)(right >> 32) ^ b ^ keyA, (uint)right, (uint)(left >> 32) ^ d ^ keyB, (uint)left);
            keyA += WeylA;
            keyB += WeylB;
        }

        return (a, b, c, d);
    }
}
