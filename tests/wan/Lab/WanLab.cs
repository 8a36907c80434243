namespace Meridian.Wan.Lab;

/// <summary>
/// A wide area network on one machine. Every site is a network namespace of its own with one interface; every packet between sites goes through a relay that gives
/// each direction of each link its latency, jitter, loss, bandwidth and faults, changeable while connections run. Nothing outside the namespaces is touched, and
/// the kernel removes them with the process, however it ends.
/// </summary>
public sealed class WanLab : IAsyncDisposable
{
    /// <value>Sites of a lab at most.</value>
    public const int MostSites = 60;

    private readonly PacketRelay _relay;
    private readonly List<WanSite> _sites = [];
    private readonly Dictionary<(string From, string To), Line> _lines = [];
    private readonly int _seed;

    /// <param name="seed">Of jitter and loss.</param>
    /// <exception cref="PlatformNotSupportedException">This machine cannot have a lab: says what is missing.</exception>
    public WanLab(int seed = 1)
    {
        if (Missing() is { } missing)
        {
            throw new PlatformNotSupportedException(missing);
        }

        _seed = seed;
        _relay = new PacketRelay();
    }

    public IReadOnlyList<WanSite> Sites => _sites;

    public IEnumerable<Line> Lines => _lines.Values;

    public WanSite this[string name] => _sites.Find(site => site.Name == name) ?? throw new ArgumentException($"The lab has no site '{name}'; it has {string.Join(", ", _sites.Select(s => s.Name))}.");

    /// <summary>What this machine lacks for a lab, in words; null: nothing.</summary>
    public static string? Missing()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "The WAN lab needs Linux: it is made of network namespaces.";
        }

        if (Libc.GetEffectiveUser() != 0)
        {
            return "The WAN lab needs root: it makes network namespaces and interfaces. Run it with sudo.";
        }

        if (!File.Exists(TunDevice.Path))
        {
            return $"The WAN lab needs {TunDevice.Path}: `modprobe tun`, or run the container with --device {TunDevice.Path} --cap-add NET_ADMIN --cap-add SYS_ADMIN.";
        }

        if (!File.Exists(WanSite.Nsenter))
        {
            return $"The WAN lab needs {WanSite.Nsenter}: Debian's `apt-get install util-linux`.";
        }

        try
        {
            using var network = new NetworkNamespace("probe");
            network.Run(() =>
            {
                TunDevice.Create(System.Net.IPAddress.Parse("10.77.0.1")).Dispose();
                return true;
            });
            return null;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"The WAN lab needs the right to make network namespaces and interfaces (CAP_SYS_ADMIN, CAP_NET_ADMIN): {e.Message}.";
        }
    }

    /// <summary>Adds a site with perfect links to all others: no latency, no limit.</summary>
    public WanSite AddSite(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (_sites.Count == MostSites || _sites.Exists(site => site.Name == name))
        {
            throw new ArgumentException($"Site '{name}': a lab has at most {MostSites} sites, and their names differ.");
        }

        var network = new NetworkNamespace(name);
        var site = new WanSite(name, _sites.Count + 1, network);
        var device = network.Run(() => TunDevice.Create(site.Address));
        var lines = new List<(int, int, Line)>();
        foreach (var other in _sites)
        {
            lines.Add((site.Number, other.Number, NewLine(site, other)));
            lines.Add((other.Number, site.Number, NewLine(other, site)));
        }

        _sites.Add(site);
        _relay.Add(site.Number, device, lines);
        return site;
    }

    /// <summary>The link between two sites, seen from the first.</summary>
    public WanLink Link(string from, string to) => new(Line(from, to), Line(to, from));

    /// <summary>One direction between two sites.</summary>
    public Line Line(string from, string to) =>
        _lines.TryGetValue((from, to), out var line) ? line : throw new ArgumentException($"There is no line from '{from}' to '{to}': both must be sites of the lab, and differ.");

    /// <summary>Links from a site to all others.</summary>
    public IEnumerable<WanLink> LinksOf(string site) => _sites.Where(other => other.Name != site).Select(other => Link(site, other.Name));

    public async ValueTask DisposeAsync()
    {
        foreach (var site in _sites)
        {
            await site.DisposeAsync();
        }

        _relay.Dispose();
    }

    private Line NewLine(WanSite from, WanSite to) =>
        _lines[(from.Name, to.Name)] = new Line(from.Name, to.Name, unchecked((_seed * 31 + from.Number) * 31 + to.Number), _relay.Wake);
}
