using System.Collections.Concurrent;
using System.Globalization;
using Meridian.Grains.Storage;
using Orleans.Storage;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>A store outside of all silos, with etags and the real record format, that can be taken down.</summary>
public sealed class TestStore : IGrainStorage
{
    private readonly ConcurrentDictionary<string, (byte[] Bytes, long Version)> _records = new();
    private readonly MessagePackGrainStorageSerializer _serializer = new();
    private readonly Lock _lock = new();

    public bool Down { get; set; }

    /// <value>Called before each write, for example to write first.</value>
    public Action<GrainId>? Writing { get; set; }

    public int Writes { get; private set; }

    public T? Read<T>(GrainId grain) => _records.TryGetValue(grain.ToString(), out var record) ? _serializer.Deserialize<T>(new BinaryData(record.Bytes)) : default;

    public void Put<T>(GrainId grain, T value)
    {
        lock (_lock)
        {
            var version = _records.TryGetValue(grain.ToString(), out var old) ? old.Version + 1 : 1;
            _records[grain.ToString()] = (_serializer.Serialize(value).ToArray(), version);
        }
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (Down) throw new IOException("connection refused");
        if (_records.TryGetValue(grainId.ToString(), out var record))
        {
            grainState.State = _serializer.Deserialize<T>(new BinaryData(record.Bytes))!;
            grainState.ETag = record.Version.ToString(CultureInfo.InvariantCulture);
            grainState.RecordExists = true;
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (Down) throw new IOException("connection refused");
        Writing?.Invoke(grainId);
        lock (_lock)
        {
            var version = _records.TryGetValue(grainId.ToString(), out var old) ? old.Version : 0;
            var expected = grainState.ETag is null ? 0 : long.Parse(grainState.ETag, CultureInfo.InvariantCulture);
            if (version != expected) throw new InconsistentStateException("etag", version.ToString(CultureInfo.InvariantCulture), grainState.ETag!);
            _records[grainId.ToString()] = (_serializer.Serialize(grainState.State).ToArray(), version + 1);
            grainState.ETag = (version + 1).ToString(CultureInfo.InvariantCulture);
            grainState.RecordExists = true;
            Writes++;
        }

        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        _records.TryRemove(grainId.ToString(), out _);
        return Task.CompletedTask;
    }
}
