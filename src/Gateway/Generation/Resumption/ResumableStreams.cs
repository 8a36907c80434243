using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Generation.Resumption;

/// <summary>
/// Streams whose callers may come back, by the answer's id. One whose caller has gone is kept for <see cref="GatewayOptions.ResumeSeconds"/> and then ended; so is one that has been
/// told to its end, for the caller who lost just that. Bounded: beyond <see cref="GatewayOptions.MaxResumableStreams"/> answers are not resumable, and say so.
/// </summary>
internal sealed class ResumableStreams(IOptions<GatewayOptions> options, TimeProvider time) : IHostedService
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly TimeSpan _patience = TimeSpan.FromSeconds(options.Value.ResumeSeconds);
    private readonly int _most = options.Value.MaxResumableStreams;

    public int Count => _entries.Count;

    /// <value>Whether there is room for another.</value>
    public bool HasRoom => _patience > TimeSpan.Zero && _entries.Count < _most;

    public void Add(ResumableStream stream) => _entries[stream.Identity.Id] = new Entry(stream);

    /// <summary>The stream of that answer, if it is the tenant's.</summary>
    public bool TryFind(string answer, string tenant, [NotNullWhen(true)] out ResumableStream? stream)
    {
        stream = _entries.TryGetValue(answer, out var entry) && entry.Stream.Tenant == tenant ? entry.Stream : null;
        return stream is not null;
    }

    /// <summary>A reader comes: the stream is not ended while it is there. False: it has just been.</summary>
    public bool Attached(ResumableStream stream) => _entries.TryGetValue(stream.Identity.Id, out var entry) && entry.Enter();

    /// <summary>The reader has gone; whoever does not come back in time finds it ended.</summary>
    public void Detached(ResumableStream stream)
    {
        if (_entries.TryGetValue(stream.Identity.Id, out var entry))
            entry.Leave(time, _patience, () => End(stream));
    }

    /// <summary>Ends it now: it cannot go on.</summary>
    public void End(ResumableStream stream)
    {
        if (!_entries.TryRemove(stream.Identity.Id, out var entry))
            return;
        entry.Dispose();
        _ = stream.DisposeAsync().AsTask();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var entry in _entries.Values)
        {
            entry.Dispose();
            await entry.Stream.DisposeAsync();
        }

        _entries.Clear();
    }

    private sealed class Entry(ResumableStream stream) : IDisposable
    {
        private readonly Lock _lock = new();
        private ITimer? _timer;
        private int _readers;
        private bool _over;

        public ResumableStream Stream => stream;

        public bool Enter()
        {
            lock (_lock)
            {
                if (_over)
                    return false;
                _readers++;
                _timer?.Dispose();
                _timer = null;
                return true;
            }
        }

        public void Leave(TimeProvider time, TimeSpan patience, Action end)
        {
            lock (_lock)
            {
                if (--_readers == 0 && !_over)
                    _timer = time.CreateTimer(_ => Expire(end), null, patience, Timeout.InfiniteTimeSpan);
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                _over = true;
                _timer?.Dispose();
            }
        }

        private void Expire(Action end)
        {
            lock (_lock)
            {
                // A timer that was disposed while it fired.
                if (_readers > 0 || _over)
                    return;
                _over = true;
            }

            end();
        }
    }
}
