using System.Net;
using Meridian.Federation.Residency;

namespace Meridian.Federation.Tests.Residency;

public sealed class GeofenceTests
{
    private static readonly GeofenceCountryOptions Europe = new() { Jurisdictions = ["eu"] };

    [Fact]
    public void A_country_decides_by_the_longest_network_and_the_rest_by_the_default()
    {
        var fence = Read(new GeofenceOptions
        {
            Networks = [new() { Cidr = "192.0.2.0/24", Country = "de" }, new() { Cidr = "192.0.2.128/25", Country = "US" }, new() { Cidr = "2001:db8::/32", Country = "FR" }],
            Countries = new() { ["DE"] = Europe, ["us"] = new() { Jurisdictions = ["us", "eu"], Regions = ["eastus"] } },
            Unknown = "eu, ch",
        });

        Assert.Equal(("DE", true, "eu", null), Told(fence, "192.0.2.1"));
        Assert.Equal(("DE", true, "eu", null), Told(fence, "::ffff:192.0.2.1"));
        Assert.Equal(("US", true, "us,eu", "eastus"), Told(fence, "192.0.2.129"));
        Assert.Equal(("FR", false, "eu,ch", null), Told(fence, "2001:db8::1"));
        Assert.Equal((null, false, "eu,ch", null), Told(fence, "198.51.100.1"));
        Assert.Equal((null, false, "eu,ch", null), Told(fence, null));
    }

    [Theory]
    [InlineData("allow", null)]
    [InlineData("refuse", "")]
    [InlineData("eu", "eu")]
    public void Unknown_callers_are_treated_as_set(string unknown, string? jurisdictions) =>
        Assert.Equal((null, false, jurisdictions, null), Told(Read(new GeofenceOptions { Unknown = unknown }), "198.51.100.1"));

    [Fact]
    public void A_country_may_be_refused_or_permitted_everything()
    {
        var fence = Read(new GeofenceOptions
        {
            Networks = [new() { Cidr = "192.0.2.0/24", Country = "XX" }, new() { Cidr = "198.51.100.0/24", Country = "CH" }],
            Countries = new() { ["XX"] = new() { Jurisdictions = ["refuse"] }, ["CH"] = new() { Jurisdictions = ["allow"] } },
            Unknown = "refuse",
        });

        Assert.Equal(("XX", true, "", null), Told(fence, "192.0.2.1"));
        Assert.Equal(("CH", true, null, null), Told(fence, "198.51.100.9"));
        Assert.Equal((null, false, "", null), Told(fence, "203.0.113.1"));
    }

    [Fact]
    public void A_file_is_read_and_single_networks_go_before_it()
    {
        using var file = new TestFile("cidr,country\n# a remark\n\n192.0.2.0/24, DE\n2001:db8::/32,de\r\n192.0.2.0/24,DE\n");
        var fence = Read(new GeofenceOptions
        {
            NetworksFile = file.Path,
            Networks = [new() { Cidr = "2001:db8::/32", Country = "FR" }],
            Countries = new() { ["DE"] = Europe, ["FR"] = new() { Regions = ["paris"] } },
        });

        Assert.Equal(2, fence.Count);
        Assert.Equal(("DE", true, "eu", null), Told(fence, "192.0.2.1"));
        Assert.Equal(("FR", true, null, "paris"), Told(fence, "2001:db8::1"));
    }

    [Fact]
    public void Every_mistake_is_told_at_once()
    {
        using var file = new TestFile("192.0.2.0/24,DE\n192.0.2.0/24,FR\nnonsense\n10.0.0.1/8,DE\n10.0.0.0/8,GER\n" + string.Concat(Enumerable.Repeat("bad\n", 20)));
        var mistakes = new List<string>();
        GeofenceReader.Read(
            new GeofenceOptions
            {
                NetworksFile = file.Path,
                Networks = [new() { Cidr = "10.0.0.0/40", Country = "DE" }, new() { Cidr = "10.0.0.0/8", Country = "" }, new() { Cidr = "172.16.0.0/12", Country = "DE" }, new() { Cidr = "172.16.0.0/12", Country = "FR" }],
                Countries = new() { ["DE"] = new(), ["Germany"] = Europe, ["FR"] = new() { Jurisdictions = ["eu", "refuse"], Regions = [" "] } },
                Unknown = "EU",
                TrustedProxies = ["proxy.example", "10.0.0.0/8"],
            },
            mistakes);

        string[] told =
        [
            "Unknown = 'EU'", "Countries:DE: names neither", "Countries:FR:Jurisdictions = 'eu,refuse'", "Countries:FR:Regions has an empty name", "Countries:Germany: must be a country code",
            "line 2: 192.0.2.0/24 is there twice, in DE and in FR", "line 3: 'nonsense' must be cidr,country", "line 4: '10.0.0.1/8': it has bits beyond its length; did you mean 10.0.0.0/8?", "line 5: 'GER'",
            "14 more lines are wrong", "Networks:0:Cidr = '10.0.0.0/40'", "Networks:1:Country = ''", "Networks:3: 172.16.0.0/12 is there twice", "TrustedProxies:0 = 'proxy.example'",
        ];
        Assert.All(told, text => Assert.Contains(mistakes, m => m.Contains(text, StringComparison.Ordinal)));
        Assert.Equal(10 + 1 + 9, mistakes.Count);
    }

    [Fact]
    public void A_file_that_is_not_there_is_told()
    {
        var mistakes = new List<string>();
        GeofenceReader.Read(new GeofenceOptions { NetworksFile = "/nowhere/networks.csv" }, mistakes);
        Assert.Contains("'/nowhere/networks.csv': cannot be read", Assert.Single(mistakes), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_named_proxies_are_trusted()
    {
        var fence = Read(new GeofenceOptions { TrustedProxies = ["10.0.0.0/8", "::1"] });
        Assert.True(fence.IsTrustedProxy(IPAddress.Parse("10.1.1.1")));
        Assert.True(fence.IsTrustedProxy(IPAddress.Parse("::ffff:10.1.1.1")));
        Assert.True(fence.IsTrustedProxy(IPAddress.IPv6Loopback));
        Assert.False(fence.IsTrustedProxy(IPAddress.Loopback));
        Assert.False(Geofence.Open.IsTrustedProxy(IPAddress.Loopback));
    }

    private static Geofence Read(GeofenceOptions options)
    {
        var mistakes = new List<string>();
        var fence = GeofenceReader.Read(options, mistakes);
        Assert.Empty(mistakes);
        return fence;
    }

    private static (string? Country, bool Ruled, string? Jurisdictions, string? Regions) Told(Geofence fence, string? address)
    {
        var finding = fence.Find(address is null ? null : IPAddress.Parse(address));
        return (finding.Country, finding.Ruled, Join(finding.Boundary.Jurisdictions), Join(finding.Boundary.Regions));
    }

    private static string? Join(string[]? names) => names is null ? null : string.Join(',', names);

    private sealed class TestFile : IDisposable
    {
        public TestFile(string text) => File.WriteAllText(Path, text);

        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName());

        public void Dispose() => File.Delete(Path);
    }
}
