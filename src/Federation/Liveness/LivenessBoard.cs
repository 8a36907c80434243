using System.Collections.Frozen;
using Meridian.Federation.Configuration;
using Meridian.Federation.Directory;
using Meridian.Federation.Edge;
using Meridian.Federation.Routing;
using Meridian.Messages;

namespace Meridian.Federation.Liveness;

/// <summary>All regions' records: applies observations, judges, and makes snapshots. Used on the liveness thread alone.</summary>
internal sealed class LivenessBoard(FederationOptions options, string? ownRegion, ILocalRegion? local, InFlightLedger inFlight, TimeProvider time)
{
    private readonly Dictionary<string, RegionRecord> _records = new(StringComparer.Ordinal);
    private Intent _intent = Intent.Empty;

    public ObserverClock Clock { get; } = new(time, options.Heartbeat.Interval);

    public Intent Intent => _intent;

    /// <value>Regions other than one served by this process.</value>
    public IReadOnlyDictionary<string, RegionRecord> Records => _records;

    /// <summary>Takes the members of a new intent: records of regions that stay, at the same address, are kept.</summary>
    public void Follow(Intent intent)
    {
        _intent = intent;
        var stay = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in intent.Regions)
        {
            if (IsLocal(member.Name))
                continue;
            stay.Add(member.Name);
            if (_records.TryGetValue(member.Name, out var record) && record.Member.Protocol == member.Protocol)
            {
                record.Member = member;
                continue;
            }

            record?.Removed();
            _records[member.Name] = new RegionRecord(member, options.Heartbeat);
        }

        foreach (var (name, record) in _records)
        {
            if (stay.Contains(name))
                continue;
            record.Removed();
            _records.Remove(name);
        }
    }

    /// <summary>
    /// Whether who answers at a region's address is that region: data must not go to another one, under another law. Before any intent is known, an address
    /// is all there is to a region's name.
    /// </summary>
    public bool IsWho(string region, RegionStatus status) => status.Region == region || _intent.Epoch == 0;

    /// <summary>Returns whether a region's health or incarnation changed.</summary>
    public bool Heard(string region, RegionStatus status, long timestamp, long sentTimestamp)
    {
        inFlight.Heard(region);
        return _records.TryGetValue(region, out var record)
        && record.Heard(status, timestamp, time.GetElapsedTime(sentTimestamp, timestamp).TotalMilliseconds, Clock);
    }

    /// <summary>Returns whether a region's health changed.</summary>
    public bool Refused(string region, long knockedTimestamp) =>
        _records.TryGetValue(region, out var record) && record.Refused(knockedTimestamp);

    public DirectorySnapshot Snapshot()
    {
        var views = new Dictionary<string, RegionView>(_intent.Regions.Length, StringComparer.Ordinal);
        var inOrder = new RegionView[_intent.Regions.Length];
        for (var i = 0; i < inOrder.Length; i++)
        {
            var name = _intent.Regions[i].Name;
            inOrder[i] = IsLocal(name) ? OwnView(name) : _records[name].View(inFlight.Count(name));
            views[name] = inOrder[i];
        }

        return new DirectorySnapshot
        {
            Edge = options.Edge,
            OwnRegion = ownRegion,
            Intent = _intent,
            Views = views.ToFrozenDictionary(StringComparer.Ordinal),
            ViewsInOrder = inOrder,
        };
    }

    private bool IsLocal(string region) => local is not null && region == ownRegion;

    private RegionView OwnView(string name)
    {
        inFlight.Heard(name);
        var status = local!.Status;
        return new RegionView
        {
            Name = name,
            Health = RegionHealth.Alive,
            Incarnation = status.Incarnation,
            RoundTripMs = 0,
            Models = status.Models ?? [],
            InFlight = inFlight.Count(name),
        };
    }
}
