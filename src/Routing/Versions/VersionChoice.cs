using System.IO.Hashing;
using System.Runtime.InteropServices;
using Meridian.Specs;

namespace Meridian.Routing.Versions;

/// <summary>
/// Chooses the version of a request that names none, by the weights of the deployment. Every edge and every region chooses the same version for the same key, model and
/// salt, without asking another one.
/// <para>
/// It is weighted rendezvous hashing (Schindelhauer, Schomaker, Weighted Distributed Hash Tables, SPAA 2005): a version's score is its weight divided by -ln u, where u in
/// (0, 1) is a hash of key, model, salt and version; the highest score wins. A version gets its share of the keys. If the weight of one version rises, keys move only to
/// that version.
/// </para>
/// </summary>
public static class VersionChoice
{
    private const int HashBits = 53;

    /// <summary>Position of the chosen version in <paramref name="targets"/>. If there is one target, or all weights are 0, the first.</summary>
    /// <param name="targets">The versions of the deployment; at least one.</param>
    /// <param name="key">Hash of the caller's key, see <see cref="VersionKey"/>.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="salt">The deployment's salt, or null.</param>
    public static int Choose(ReadOnlySpan<VersionWeight> targets, ulong key, string model, string? salt)
    {
        var best = 0;
        if (targets.Length <= 1)
            return best;
        var seed = Add(Add(key, model), salt);
        var most = 0.0;
        for (var i = 0; i < targets.Length; i++)
        {
            var target = targets[i];
            if (target.Weight <= 0)
                continue;
            var hash = Add(Add(seed, target.Version), target.Variant);

            // Never 0 and never 1, so the logarithm is finite and below 0.
            var uniform = ((hash >> (64 - HashBits)) + 0.5) / (1UL << HashBits);
            var score = target.Weight / -Math.Log(uniform);
            if (score > most)
                (best, most) = (i, score);
        }

        return best;
    }

    private static ulong Add(ulong hash, string? text) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()), (long)hash);
}
