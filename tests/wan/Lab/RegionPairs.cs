using System.Globalization;

namespace Meridian.Wan.Lab;

/// <summary>
/// Measured round trips between public cloud regions: the 95th percentile over the 30 days to 30 July 2026 as Microsoft publishes it for Azure's backbone
/// ("Azure network round-trip latency statistics", https://learn.microsoft.com/azure/networking/azure-network-latency, source in azure-docs, CC BY 4.0).
/// The published figures of the two directions differ by a few milliseconds; the table has those of row to column.
/// </summary>
public static class RegionPairs
{
    // Milliseconds.
    private const string Measured =
        """
                       westus2 centralus brazilsouth northeurope uksouth westeurope swedencentral centralindia southeastasia japaneast australiaeast
        eastus         76      35        121         76          80      91         108           218          229           165       206
        westus2        -       41        179         136         145     153        165           218          165           103       180
        centralus      -       -         155         107         112     114        142           245          201           139       178
        brazilsouth    -       -         -           176         183     189        204           320          337           275       298
        northeurope    -       -         -           -           14      20         37            159          236           232       272
        uksouth        -       -         -           -           -       13         34            150          183           237       277
        westeurope     -       -         -           -           -       -          31            153          181           242       282
        swedencentral  -       -         -           -           -       -          -             179          256           260       307
        centralindia   -       -         -           -           -       -          -             -            58            129       151
        southeastasia  -       -         -           -           -       -          -             -            -             74        98
        japaneast      -       -         -           -           -       -          -             -            -             -         105
        """;

    private static readonly Dictionary<(string, string), TimeSpan> Table = Parse();

    /// <value>Names of the regions, 12.</value>
    public static IReadOnlyList<string> Regions { get; } = [.. Table.Keys.SelectMany(pair => new[] { pair.Item1, pair.Item2 }).Distinct()];

    /// <summary>The round trip of two regions; the same both ways round.</summary>
    /// <exception cref="ArgumentException">A region is not in the table.</exception>
    public static TimeSpan RoundTrip(string a, string b) =>
        Table.TryGetValue((a, b), out var trip) || Table.TryGetValue((b, a), out trip)
            ? trip
            : throw new ArgumentException($"No measured round trip between '{a}' and '{b}'; the table has {string.Join(", ", Regions)}.");

    /// <summary>Gives every link between two sites that are named after regions its measured round trip, half of it each way.</summary>
    public static void Apply(WanLab lab)
    {
        ArgumentNullException.ThrowIfNull(lab);
        foreach (var line in lab.Lines.Where(line => Regions.Contains(line.From) && Regions.Contains(line.To)))
        {
            line.Settings = line.Settings with { Latency = RoundTrip(line.From, line.To) / 2 };
        }
    }

    private static Dictionary<(string, string), TimeSpan> Parse()
    {
        var rows = Measured.Split('\n').Select(row => row.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToArray();
        var columns = rows[0];
        return rows.Skip(1)
            .SelectMany(row => row.Skip(1).Zip(columns, (cell, column) => (From: row[0], To: column, Cell: cell)))
            .Where(entry => entry.Cell != "-")
            .ToDictionary(entry => (entry.From, entry.To), entry => TimeSpan.FromMilliseconds(int.Parse(entry.Cell, CultureInfo.InvariantCulture)));
    }
}
