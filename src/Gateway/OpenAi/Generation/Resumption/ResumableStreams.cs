using Meridian.Gateway.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>
/// Holds the resumable streams of this edge, by tenant and answer. Each answer has one <see cref="Place"/>, however many requests for it arrive at once.
/// A stream without a caller is kept for <see cref="GatewayOptions.ResumeSeconds"/> and then ended. This also holds for a stream that was written to its end,
/// because the caller may have lost exactly that end.
/// The number is bounded by <see cref="GatewayOptions.MaxResumableStreams"/>, and for one tenant by
/// <see cref="GatewayOptions.MaxResumableStreamsPerTenant"/>. Beyond these bounds an answer gets no place.
/// </summary>
internal sealed partial class ResumableStreams(IOptions<GatewayOptions> options, TimeProvider time, ILogger<ResumableStreams> logger) : IHostedService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AnswerKey, Place> _places = [];
    private readonly TimeSpan _patience = TimeSpan.FromSeconds(options.Value.ResumeSeconds);
    private readonly int _most = options.Value.MaxResumableStreams;
    private readonly int _mostOfOne = options.Value.MaxResumableStreamsPerTenant ?? int.MaxValue;
    private readonly Dictionary<string, int> _ofTenants = new(StringComparer.Ordinal);
    private bool _stopped;

    /// <value>Number of answers that have a place.</value>
    public int Count
    {
        get
        {
            lock (_lock)
                return _places.Count;
        }
    }

    /// <value>Whether the settings allow resumable streams at all.</value>
    public bool Keeps => _patience > TimeSpan.Zero && _most > 0;

    /// <summary>
    /// Returns a visit to the place of an answer; the place is created if it does not exist. Returns null if there is no room. The place stays at least until
    /// the visit is disposed.
    /// </summary>
    public Visit? Enter(AnswerKey key)
    {
        lock (_lock)
        {
            if (!_places.TryGetValue(key, out var place))
            {
                var ofTenant = _ofTenants.GetValueOrDefault(key.Tenant);
                if (_stopped || !Keeps || _places.Count >= _most || ofTenant >= _mostOfOne)
                    return null;
                _ofTenants[key.Tenant] = ofTenant + 1;
                _places.Add(key, place = new Place(key));
            }

            place.Visits++;
            place.Timer?.Dispose();
            place.Timer = null;
            return new Visit(this, place);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Place[] places;
        lock (_lock)
        {
            _stopped = true;
            places = [.. _places.Values];
            _places.Clear();
            _ofTenants.Clear();
        }

        foreach (var place in places)
            await EndAsync(Take(place, null));
    }

    private void Leave(Place place)
    {
        lock (_lock)
        {
            if (--place.Visits > 0 || !_places.TryGetValue(place.Key, out var current) || current != place)
                return;
            if (place.Stream is null)
                Remove(place);
            else
                place.Timer = time.CreateTimer(_ => Expire(place), null, _patience, Timeout.InfiniteTimeSpan);
        }
    }

    private void Expire(Place place)
    {
        lock (_lock)
        {
            // A caller came back while the timer fired.
            if (place.Visits > 0 || !_places.TryGetValue(place.Key, out var current) || current != place)
                return;
            Remove(place);
        }

        _ = EndAsync(Take(place, null));
    }

    /// <summary>The caller holds <c>_lock</c>.</summary>
    private void Remove(Place place)
    {
        _places.Remove(place.Key);
        if (--_ofTenants[place.Key.Tenant] == 0)
            _ofTenants.Remove(place.Key.Tenant);
    }

    /// <summary>
    /// Removes the stream of a place and returns it. If <paramref name="wanted"/> is given, removes only that stream and otherwise returns null.
    /// </summary>
    private ResumableStream? Take(Place place, ResumableStream? wanted)
    {
        lock (_lock)
        {
            var stream = place.Stream;
            if (wanted is not null && stream != wanted)
                return null;
            place.Stream = null;
            place.Timer?.Dispose();
            place.Timer = null;
            return stream;
        }
    }

    private ResumableStream? Put(Place place, ResumableStream stream)
    {
        lock (_lock)
        {
            if (_stopped)
                return stream;
            var before = place.Stream;
            place.Stream = stream;
            return before;
        }
    }

    private async Task EndAsync(ResumableStream? stream)
    {
        try
        {
            if (stream is not null)
                await stream.DisposeAsync();
        }
        catch (Exception exception)
        {
            LogNotEnded(logger, stream!.Identity.Id, exception);
        }
    }

    [LoggerMessage(EventId = 5012, EventName = "ResumableStreamNotEnded", Level = LogLevel.Warning, Message = "The resumable stream of answer {Answer} could not be ended in its region; its lease there ends it")]
    private static partial void LogNotEnded(ILogger logger, string answer, Exception exception);

    /// <summary>
    /// The meeting point of all requests for one answer. Its fields are read and written under the lock of the <see cref="ResumableStreams"/>.
    /// </summary>
    internal sealed class Place(AnswerKey key)
    {
        public AnswerKey Key => key;

        /// <value>Held by the request that joins or creates the stream. The other requests wait and then find that stream.</value>
        public SemaphoreSlim Gate { get; } = new(1);

        public ResumableStream? Stream { get; set; }

        public int Visits { get; set; }

        public ITimer? Timer { get; set; }
    }

    /// <summary>Keeps a place alive while a request uses it.</summary>
    internal sealed class Visit(ResumableStreams owner, Place place) : IDisposable
    {
        public SemaphoreSlim Gate => place.Gate;

        /// <value>The current stream of the place, or null.</value>
        public ResumableStream? Stream
        {
            get
            {
                lock (owner._lock)
                    return place.Stream;
            }
        }

        /// <summary>Stores a stream at the place and ends the previous one. If the process is stopping, ends the new stream instead.</summary>
        public Task PutAsync(ResumableStream stream) => owner.EndAsync(owner.Put(place, stream));

        /// <summary>Ends a stream that cannot go on. If another stream has replaced it at the place, that one stays.</summary>
        public Task EndAsync(ResumableStream stream) => owner.EndAsync(owner.Take(place, stream));

        public void Dispose() => owner.Leave(place);
    }
}
