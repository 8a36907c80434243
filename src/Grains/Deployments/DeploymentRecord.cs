using Meridian.Errors;
using Meridian.Grains.Storage;
using Meridian.Messages;
using Meridian.Timing;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Meridian.Grains.Deployments;

/// <summary>
/// The record of a deployment in the region's store. Problem: the store may be down, and a write that fails may still have happened. Normal course: a change is written,
/// then acknowledged, then applied. Failures: after a failed write the record counts as unknown, and is read again before the next change. The etag of the store lets only
/// one of two activations win; the other reads the record again and answers from it, so an operation id has one outcome. Only the deployment's scheduler may use it.
/// </summary>
internal sealed partial class DeploymentRecord(
    string model, GrainId grain, IGrainStorage storage, IStoreHealth health, TimeSpan timeout, TimeProvider time, ILogger logger)
{
    private const string StateName = "deployment";
    private const int MaxWriteTries = 4;

    private static readonly DeploymentState Unscaled = new();
    private static readonly Backoff KeepingPauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    private readonly ILogger _logger = logger;
    private GrainState<DeploymentState> _record = new(new DeploymentState());
    private Task? _reading;
    private int _failedKeeps;
    private long _nextKeeping;

    /// <value>The state as it was read or written last.</value>
    public DeploymentState State => _record.State ?? Unscaled;

    /// <value>Whether <see cref="State"/> is the state of the store.</value>
    public bool IsKnown { get; private set; }

    /// <value>Why the store does not take changes or cannot be read, or null.</value>
    public string? Problem { get; private set; }

    /// <value>Whether a state is being written by <see cref="Keep"/>.</value>
    public bool IsKeeping { get; private set; }

    /// <summary>Reads the record. Never throws; afterwards <see cref="IsKnown"/> or <see cref="Problem"/> is set.</summary>
    public Task ReadAsync()
    {
        // Only one read at a time. A change that finds a read in progress waits for that read.
        if (_reading is null or { IsCompleted: true }) _reading = ReadOnceAsync();
        return _reading;
    }

    /// <summary>Writes a change of the number of replicas.</summary>
    /// <returns>The record of the change; for an operation id that is known, the record of the first change with it.</returns>
    /// <exception cref="MeridianException">The store did not take the change, which may have happened all the same.</exception>
    public async Task<(ScaleRecord Record, bool IsNew)> ScaleAsync(ScaleChange change)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (!IsKnown) await ReadAsync();
            if (!IsKnown) throw Unknown();
            if (State.Find(change.OperationId) is { } first) return (first, false);
            try
            {
                await WriteAsync(State.With(change, time.GetUtcNow()));
            }
            catch (InconsistentStateException e) when (attempt < MaxWriteTries)
            {
                LogWriteConflict(e, model, change.OperationId);
                continue;
            }
            catch (Exception e)
            {
                LogWriteFailed(e, model, change.OperationId);
                var reason = StoreFailure.Reason(e, health, timeout);
                Problem = $"The region's store did not take a change: {reason}.";
                throw NotReady($"Operation '{change.OperationId}' on '{model}' is not acknowledged: the region's store did not take it ({reason}). Repeat it with the same id.");
            }

            Problem = null;
            var record = State.History[^1];
            LogScaled(model, record.Replicas, record.By, record.Reason, record.Sequence);
            return (record, true);
        }
    }

    /// <summary>
    /// Writes a state that only the next activation needs, if it differs from the record. A failed write is repeated by a later call, after a growing pause.
    /// </summary>
    /// <param name="change">Changes the state; returns the same object where nothing has to change.</param>
    public void Keep(Func<DeploymentState, DeploymentState> change)
    {
        if (!IsKnown || IsKeeping || time.GetTimestamp() < _nextKeeping) return;
        var next = change(State);
        if (!ReferenceEquals(next, State)) KeepAsync(next).Ignore();
    }

    public MeridianException Unknown() => NotReady($"The record of '{model}' is not known: {Problem ?? "it is being read."} Repeat with the same operation id.");

    private async Task KeepAsync(DeploymentState next)
    {
        IsKeeping = true;
        try
        {
            await WriteAsync(next);
            _failedKeeps = 0;
        }
        catch (Exception e)
        {
            LogNumbersNotKept(e, model);
            _nextKeeping = time.GetTimestamp() + (long)(KeepingPauses.After(++_failedKeeps).TotalSeconds * time.TimestampFrequency);
        }
        finally
        {
            IsKeeping = false;
        }
    }

    private async Task WriteAsync(DeploymentState state)
    {
        // A new object, so that a failed write leaves the acknowledged state untouched.
        var next = new GrainState<DeploymentState>(state, _record.ETag) { RecordExists = _record.RecordExists };
        try
        {
            using var patience = new CancellationTokenSource(timeout, time);
            await storage.WriteStateAsync(StateName, grain, next, patience.Token).WaitAsync(patience.Token);
        }
        catch
        {
            IsKnown = false;
            throw;
        }

        _record = next;
    }

    private async Task ReadOnceAsync()
    {
        try
        {
            var record = new GrainState<DeploymentState>(new DeploymentState());
            using var patience = new CancellationTokenSource(timeout, time);
            await storage.ReadStateAsync(StateName, grain, record, patience.Token).WaitAsync(patience.Token);
            _record = record;
            IsKnown = true;
            if (Problem is not null) LogStoreBack(model);
            Problem = null;
        }
        catch (Exception e)
        {
            var problem = $"The region's store cannot be read ({StoreFailure.Reason(e, health, timeout)}); serving on the replicas known, changes are refused.";
            if (Problem is null) LogStoreLost(e, model);
            Problem = problem;
        }
    }

    private static MeridianException NotReady(string message) => new(new Refusal { Code = RefusalCode.NotReady, Message = message, RetryAfterMs = 1000 });

    [LoggerMessage(EventId = 3101, Level = LogLevel.Information, Message = "{Model} is to have {Replicas} replicas, asked by {By} ({Reason}), change {Sequence}")]
    private partial void LogScaled(string model, int replicas, string by, string? reason, long sequence);

    [LoggerMessage(EventId = 3102, Level = LogLevel.Warning, Message = "Another activation changed {Model} first; operation {OperationId} is tried on what it wrote")]
    private partial void LogWriteConflict(Exception exception, string model, string operationId);

    [LoggerMessage(EventId = 3103, Level = LogLevel.Error, Message = "The store did not take operation {OperationId} on {Model}; it is not acknowledged")]
    private partial void LogWriteFailed(Exception exception, string model, string operationId);

    [LoggerMessage(EventId = 3104, Level = LogLevel.Error, Message = "The store cannot be read for {Model}; it serves on the replicas that it has, changes are refused")]
    private partial void LogStoreLost(Exception exception, string model);

    [LoggerMessage(EventId = 3105, Level = LogLevel.Information, Message = "The store is back for {Model}")]
    private partial void LogStoreBack(string model);

    [LoggerMessage(EventId = 3112, Level = LogLevel.Warning, Message = "The store did not take the numbers of {Model}'s replicas; written again")]
    private partial void LogNumbersNotKept(Exception exception, string model);
}
