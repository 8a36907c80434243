using Meridian.Intents.Wire;
using Meridian.Routing.Snapshots;
using MessagePack;

namespace Meridian.Federation.IntentSources;

/// <summary>Decides which of two intents holds. Commutative, associative and idempotent, so the order in which intents arrive does not matter.</summary>
public static class IntentMerge
{
    /// <summary>
    /// The intent with the higher epoch wins. Two different intents of one epoch are an operator's mistake. All observers must still choose the same one, so
    /// the bytes decide.
    /// </summary>
    public static Intent Merge(Intent left, Intent right)
    {
        if (left.Epoch != right.Epoch)
            return left.Epoch > right.Epoch ? left : right;
        if (ReferenceEquals(left, right))
            return left;
        var order = Bytes(left).AsSpan().SequenceCompareTo(Bytes(right));
        return order >= 0 ? left : right;
    }

    /// <summary>
    /// Why an intent from the wire must be refused (names missing or used twice), or null if it may be taken. Tenants may be missing, because older builds do
    /// not send them.
    /// </summary>
    public static string? Fault(Intent intent)
    {
        if (intent.Regions is null || intent.Models is null)
            return "it has no regions or no models";
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var region in intent.Regions)
        {
            if (region is null || string.IsNullOrEmpty(region.Name) || region.Jurisdiction is null || region.Protocol is not { IsAbsoluteUri: true })
                return "a region lacks its name, jurisdiction or address";
            if (!names.Add(region.Name))
                return $"region '{region.Name}' is named twice";
        }

        names.Clear();
        foreach (var model in intent.Models)
        {
            if (model is null || string.IsNullOrEmpty(model.Name) || model.Kind is null || model.Regions is null)
                return "a model lacks its name, kind or regions";
            if (!names.Add(model.Name))
                return $"model '{model.Name}' is named twice";
        }

        names.Clear();
        foreach (var tenant in intent.Tenants ?? [])
        {
            if (tenant is null || string.IsNullOrEmpty(tenant.Name))
                return "a tenant lacks its name";
            if (!names.Add(tenant.Name))
                return $"tenant '{tenant.Name}' is named twice";
        }

        return null;
    }

    private static byte[] Bytes(Intent intent) => MessagePackSerializer.Serialize(intent, WireFormat.Options);
}
