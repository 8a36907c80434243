using System.Collections.Frozen;
using Meridian.Federation.Availability;
using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;

namespace Meridian.Federation.Liveness;

/// <summary>
/// Judges all regions. It applies observations, judges, and builds snapshots from its judgements and from <see cref="AvailabilityBoard"/>. It does not use
/// the network. Only the liveness thread uses it.
/// </summary>
internal sealed class LivenessBoard(
    FederationOptions options, string? ownRegion, ILocalRegion? local, InFlightLedger inFlight, TimeProvider time, AvailabilityBoard? availability = null)
{
    private readonly Dictionary<string, RegionRecord> _records = new(StringComparer.Ordinal);
    private readonly AvailabilityBoard _availability = availability ?? new AvailabilityBoard(options.Availability, time);
    private readonly long _started = time.GetTimestamp();
    private Intent _intent = Intent.Empty;
    private DirectorySnapshot? _snapshot;
    private RegionView? _own;

    public ObserverClock Clock { get; } = new(time, options.Heartbeat.Interval);

    public Intent Intent => _intent;

    /// <value>All regions except the one that this process serves.</value>
    public IReadOnlyDictionary<string, RegionRecord> Records => _records;

    /// <summary>Takes over the members of a new intent. A region that stays at the same address keeps its record.</summary>
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

            Remove(record);
            _records[member.Name] = new RegionRecord(member, options.Heartbeat);
        }

        foreach (var (name, record) in _records)
        {
            if (stay.Contains(name))
                continue;
            Remove(record);
            _records.Remove(name);
        }
    }

    /// <summary>
    /// Whether the process that answers at a region's address belongs to that region. If not, data must not go there: it could come under another law. Before
    /// any intent is known, a region is known by its address only, and every answer is accepted.
    /// </summary>
    public bool IsWho(string region, RegionStatus status) => status.Region == region || _intent.Epoch == 0;

    /// <summary>Returns whether a region's health, incarnation or draining changed.</summary>
    public bool Heard(string region, RegionStatus status, long timestamp, long sentTimestamp, long connection = 0, double clockOffMs = double.NaN)
    {
        inFlight.Heard(region);
        if (!_records.TryGetValue(region, out var record))
            return false;
        var lives = record.Lives;
        var changed = record.Heard(status, timestamp, time.GetElapsedTime(sentTimestamp, timestamp).TotalMilliseconds, Clock, connection, clockOffMs);
        if (record.Lives != lives)
        {
            // When this observer starts, every region is new to it; none of them has returned.
            var returned = lives > 0 || time.GetElapsedTime(_started, timestamp) > options.Availability.SlowStart;
            _availability.Of(region).Begin(record.Incarnation, returned, timestamp);
        }

        return changed;
    }

    /// <summary>Returns whether a region's health changed.</summary>
    public bool Refused(string region, long probedTimestamp) =>
        _records.TryGetValue(region, out var record) && record.Refused(probedTimestamp);

    /// <summary>Moves open breakers to half-open when their break is over. Returns the regions whose breaker changed, mostly none.</summary>
    public IEnumerable<string> Advance(long now)
    {
        foreach (var member in _intent.Regions)
        {
            if (_availability.Of(member.Name).Advance(now))
                yield return member.Name;
        }
    }

    public BreakerState Breaker(string region) => _availability.Of(region).Breaker;

    /// <summary>
    /// The present state. Returns the last snapshot object if nothing has changed, and reuses the last view of every region that has not changed.
    /// </summary>
    public DirectorySnapshot Snapshot()
    {
        var now = time.GetTimestamp();
        var last = _snapshot is { } snapshot && ReferenceEquals(snapshot.Intent, _intent) ? snapshot : null;
        RegionView[]? views = null;
        for (var i = 0; i < _intent.Regions.Length; i++)
        {
            var view = View(_intent.Regions[i].Name, now);
            if (views is null && last is not null && ReferenceEquals(last.ViewsInOrder[i], view))
                continue;
            views ??= last is null ? new RegionView[_intent.Regions.Length] : (RegionView[])last.ViewsInOrder.Clone();
            views[i] = view;
        }

        if (views is null && last is not null)
            return last;
        views ??= [];
        return _snapshot = new DirectorySnapshot
        {
            Edge = options.Edge,
            OwnRegion = ownRegion,
            Intent = _intent,
            Views = views.ToFrozenDictionary(v => v.Name, StringComparer.Ordinal),
            ViewsInOrder = views,
        };
    }

    private bool IsLocal(string region) => local is not null && region == ownRegion;

    private void Remove(RegionRecord? record)
    {
        if (record is null)
            return;
        record.Removed();
        _availability.Forget(record.Member.Name);
    }

    private RegionView View(string name, long now)
    {
        var availability = _availability.Of(name);
        return IsLocal(name) ? OwnView(name, availability, now) : _records[name].View(inFlight.Count(name), availability.Breaker, availability.Weight(now));
    }

    private RegionView OwnView(string name, RegionAvailability availability, long now)
    {
        inFlight.Heard(name);
        var status = local!.Status;
        var models = status.Models ?? [];
        if (_own is null || _own.Incarnation != status.Incarnation)
            availability.Begin(status.Incarnation, returned: false, now);
        var own = new RegionView
        {
            Name = name,
            Health = RegionHealth.Alive,
            Incarnation = status.Incarnation,
            RoundTripMs = 0,
            Models = models,
            Draining = status.Draining,
            Breaker = availability.Breaker,
            Weight = availability.Weight(now),
            InFlight = inFlight.Count(name),
        };

        // Views compare by value, their models by reference.
        return own.Equals(_own) ? _own : _own = own;
    }
}
