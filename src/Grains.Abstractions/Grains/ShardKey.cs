using System.Globalization;

namespace Meridian.Grains;

/// <summary>Names one shard: <c>model/version/variant/replica/shard</c>. Model names may not contain <c>/</c>.</summary>
public readonly record struct ShardKey(string Model, string Version, string Variant, int Replica, int Shard)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Model}/{Version}/{Variant}/{Replica}/{Shard}");

    /// <exception cref="FormatException">The text is not five parts with two whole numbers at the end.</exception>
    public static ShardKey Parse(string text)
    {
        var parts = text.Split('/');
        if (parts.Length != 5
            || !int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var replica)
            || !int.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var shard))
        {
            throw new FormatException($"'{text}' is no shard key; expected model/version/variant/replica/shard, for example minilm/v2/fp32/0/0.");
        }

        return new ShardKey(parts[0], parts[1], parts[2], replica, shard);
    }
}
