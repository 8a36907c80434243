using System.Collections.Frozen;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Tables;

/// <summary>The positions of an intent's models and regions. One index is made per intent and shared by all snapshots of this intent.</summary>
internal sealed class IntentIndex
{
    private static readonly ConditionalWeakTable<Intent, IntentIndex> Known = [];

    private readonly bool[]?[] _deployed;

    private IntentIndex(Intent intent)
    {
        Intent = intent;
        Models = Positions(Array.ConvertAll(intent.Models, m => m.Name));
        Regions = Positions(Array.ConvertAll(intent.Regions, r => r.Name));
        Keys = Array.ConvertAll(intent.Regions, r => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(r.Name.AsSpan())));
        Policies = Array.ConvertAll(intent.Models, m => RoutingPolicyNames.IndexOf(m.Routing));
        HasPrices = Array.Exists(intent.Regions, r => r.PricePerHour > 0);
        _deployed = new bool[intent.Models.Length][];
    }

    public Intent Intent { get; }

    public FrozenDictionary<string, int> Models { get; }

    public FrozenDictionary<string, int> Regions { get; }

    /// <value>Hash of each region's name.</value>
    public ulong[] Keys { get; }

    /// <value>The position of each model's policy in <see cref="RoutingPolicyNames.All"/>; -1 where the model names no policy, or a policy that this build does not know.</value>
    public int[] Policies { get; }

    /// <value>Whether the price of any region is known.</value>
    public bool HasPrices { get; }

    public static IntentIndex Of(Intent intent) => Known.GetValue(intent, static i => new IntentIndex(i));

    /// <summary>By region, whether the model is deployed to it; null if it is deployed to all regions.</summary>
    public bool[]? Deployed(int model)
    {
        var names = Intent.Models[model].Regions;
        if (names.Length == 0)
            return null;
        if (Volatile.Read(ref _deployed[model]) is { } known)
            return known;
        var deployed = Array.ConvertAll(Intent.Regions, r => Array.IndexOf(names, r.Name) >= 0);
        Volatile.Write(ref _deployed[model], deployed);
        return deployed;
    }

    private static FrozenDictionary<string, int> Positions(string[] names)
    {
        var positions = new Dictionary<string, int>(names.Length, StringComparer.Ordinal);
        for (var i = 0; i < names.Length; i++)
            positions.TryAdd(names[i], i);
        return positions.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
