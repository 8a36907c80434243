using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Engines.Generation.Requests;
using Meridian.Inference.Engines.Generation.Streams;
using Meridian.Inference.Sampling;
using Meridian.Inference.Sessions;
using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// Runs all sequences of one engine on one thread. Only this thread uses the stage, the slots and the batch.
/// </summary>
/// <remarks>
/// The problem: many sequences share one model, one KV cache and one thread. Each step decides which sequences run and which tokens they compute.
/// <para>
/// A step drops cancelled sequences, admits waiting ones, assembles rows, runs them, samples the next tokens and appends them to the streams. The rows of a
/// step are one token of every running sequence and, within the budget of <see cref="StepPace"/>, chunks of prompts. A sequence that moved here from another
/// replica must compute its earlier tokens again. Such replays run in extra steps between the normal ones.
/// </para>
/// <list type="bullet">
/// <item>Callers share one lock with the thread and hold it only briefly: they add new streams under it and signal. All other state belongs to the
/// thread.</item>
/// <item>Memory: a sequence with its own token limit reserves its worst case at admission. A sequence without one reserves its present length plus a little,
/// and grows. The worst cases of all running sequences together may then reach <see cref="Overcommit"/> times the budget. If a sequence cannot grow, the
/// youngest sequence is preempted: it loses its slot and waits at its old place in the queue. It is computed again later and continues with the same tokens,
/// because its sampler and its text are kept. The oldest sequence can always grow, so the engine always makes progress.</item>
/// <item>Reuse: an ended sequence stays in its slot, for later sequences of the same tenant that begin with the same tokens. When running sequences need the
/// room, the least recently used of these prefixes are evicted.</item>
/// <item>Slow readers: a sequence whose ring is full is left out of steps. While others wait for its place, it keeps the place for at most
/// <see cref="StallGrace"/>. Then its slot is freed; it can get one again when its reader has read.</item>
/// <item>Cancellation is checked before rows are assembled. Only the step that already runs can still compute a cancelled sequence.</item>
/// <item>A failed step: <see cref="StepTrials"/> searches for the sequence that causes the failure. The stream of that sequence fails, the others
/// continue.</item>
/// <item>Any other failure (a slot cannot be emptied, a copy fails, the whole stage fails) ends the thread. All streams get
/// <see cref="EngineStoppedException"/> and continue at another replica. <see cref="Lost"/> tells the owner to load the model again.</item>
/// <item>A sequence's slot is freed before its last token is appended. A reader that has seen the end of a stream therefore finds the slot free.</item>
/// </list>
/// </remarks>
internal sealed partial class GenerationScheduler : IStreamHost, IAsyncDisposable
{
    /// <summary>The worst cases of all running sequences together may reach this many times the budget.</summary>
    public const int Overcommit = 4;

    /// <summary>How long a sequence with a full ring may keep its slot while other sequences wait.</summary>
    public static readonly TimeSpan StallGrace = TimeSpan.FromSeconds(1);

    private const int ShortestRetryMs = 20;
    private const int LongestRetryMs = 60_000;
    private const int Growth = 64;

    private readonly string _model;
    private readonly IDecoderStage _stage;
    private readonly EngineOptions _options;
    private readonly ILogger _logger;
    private readonly KvLedger _ledger;
    private readonly StepPace _pace;
    private readonly AttentionBlocks _blocks;
    private readonly FairQueue _queue = new();
    private readonly int _growth;
    private readonly Task _thread;
    private readonly Predicate<GenerationSequence> _canStart;

    // Running sequences in order of arrival. The last one is the youngest.
    private readonly List<GenerationSequence> _running = [];
    private readonly List<GenerationSequence> _removed = [];
    private readonly List<GenerationStream> _touched = [];
    private readonly DecoderRow[] _rows;
    private readonly GenerationSequence[] _rowSequences;
    private int _rowCount;
    private int[] _ids = new int[256];
    private int _idCount;
    private float[] _logits;
    private float[] _scratch = [];
    private int _decodeRows;
    private int _promptTokens;
    private long _worstCases;
    private long _arrivals;
    private long _turn;
    private long _round;
    private bool _othersWait;

    // Written by the engine's thread only; any thread may read them.
    private long _steps;
    private long _promptTokensSeen;
    private long _cachedTokens;
    private long _generatedTokens;
    private long _preemptions;
    private long _cancelled;
    private int _mostStepsAfterCancel;
    private double _mostCancelMs;
    private int _inUse;
    private long _reservedTokens;
    private long _keptTokens;
    private int _preempted;

    // Guards the fields below. A plain object, because the thread waits on it with Monitor.Wait.
    private readonly object _gate = new();
    private readonly ServiceTime _serviceTime;
    private readonly TokenTimes _tokenTimes;
    private List<GenerationSequence> _incoming = [];
    private List<GenerationSequence> _taken = [];
    private int _queued;
    private bool _signalled;
    private bool _stopping;
    private Task? _stopped;
    private volatile bool _cancellations;

    /// <param name="model">Appears in the thread's name and in error messages.</param>
    /// <param name="stage">Owned by the scheduler. The engine's thread disposes it.</param>
    /// <param name="options">Must be valid.</param>
    /// <param name="budget">Capacity of the KV cache, tokens.</param>
    /// <param name="pace">Holds first estimates of what steps cost.</param>
    /// <param name="sequenceMs">First estimate of the time of a whole sequence, ms.</param>
    /// <param name="time">Measures waits and steps.</param>
    /// <param name="logger">Receives failures.</param>
    public GenerationScheduler(
        string model, IDecoderStage stage, EngineOptions options, long budget, StepPace pace, float sequenceMs, TimeProvider time, ILogger logger)
    {
        _model = model;
        _stage = stage;
        _options = options;
        _pace = pace;
        _blocks = AttentionBlocks.Of(stage.Shape);
        _logger = logger;
        Time = time;
        _ledger = new KvLedger(budget, stage.Slots);
        _growth = (int)Math.Clamp(budget / 16, 1, Growth);
        _serviceTime = new ServiceTime(sequenceMs, time.GetTimestamp(), time);
        _tokenTimes = new TokenTimes(pace.DecodeMs(1), Math.Min(stage.Slots, options.MaxSequences), time);
        _canStart = CanStart;
        _rows = new DecoderRow[options.MaxSequences];
        _rowSequences = new GenerationSequence[options.MaxSequences];
        _logits = new float[stage.Shape.Vocabulary];
        _thread = EngineThread.RunAsync($"{model} decode", Run);
    }

    /// <inheritdoc />
    public TimeProvider Time { get; }

    /// <inheritdoc />
    public long StepsDone => Volatile.Read(ref _steps);

    public EngineLoad Load
    {
        get
        {
            var running = Volatile.Read(ref _inUse);
            lock (_gate)
            {
                var now = Time.GetTimestamp();
                return new EngineLoad(running, _queued + Volatile.Read(ref _preempted), _options.QueueCapacity, _serviceTime.Expect(running > 0, now))
                {
                    Pace = _tokenTimes.Expect(running > 0, now),
                };
            }
        }
    }

    public GenerationCounters Counters
    {
        get
        {
            int queued;
            lock (_gate)
                queued = _queued;
            return new GenerationCounters
            {
                Slots = _ledger.Slots,
                SlotsInUse = Volatile.Read(ref _inUse),
                Waiting = queued + Volatile.Read(ref _preempted),
                BudgetTokens = _ledger.Budget,
                ReservedTokens = Volatile.Read(ref _reservedTokens),
                KeptTokens = Volatile.Read(ref _keptTokens),
                Steps = Volatile.Read(ref _steps),
                PromptTokens = Volatile.Read(ref _promptTokensSeen),
                CachedTokens = Volatile.Read(ref _cachedTokens),
                GeneratedTokens = Volatile.Read(ref _generatedTokens),
                Preemptions = Volatile.Read(ref _preemptions),
                Cancelled = Volatile.Read(ref _cancelled),
                MostStepsAfterCancel = Volatile.Read(ref _mostStepsAfterCancel),
                MostCancelMs = Volatile.Read(ref _mostCancelMs),
            };
        }
    }

    /// <summary>Reserves room in the queue. Returns null, or a refusal if the queue is full.</summary>
    /// <exception cref="EngineStoppedException">The scheduler was disposed, or its thread has failed.</exception>
    public GenerationAdmission? Reserve(int choices)
    {
        lock (_gate)
        {
            if (_stopping)
                throw new EngineStoppedException(_model);
            var missing = _queued + choices - _options.QueueCapacity;
            if (missing > 0)
            {
                var retryMs = (int)Math.Clamp(missing * _serviceTime.Mean, ShortestRetryMs, LongestRetryMs);
                return GenerationRefusals.QueueFull(choices, _queued, _options.QueueCapacity, retryMs);
            }

            _queued += choices;
            return null;
        }
    }

    /// <summary>Returns reserved room to the queue.</summary>
    public void Release(int choices)
    {
        lock (_gate)
            _queued -= choices;
    }

    /// <summary>Queues sequences. Their room must have been reserved before.</summary>
    /// <exception cref="EngineStoppedException">The scheduler was disposed, or its thread has failed.</exception>
    public void Submit(GenerationStream stream, List<GenerationSequence> sequences)
    {
        lock (_gate)
        {
            if (_stopping)
            {
                _queued -= sequences.Count;
                throw new EngineStoppedException(_model);
            }

            stream.Admitted = Time.GetTimestamp();
            _incoming.AddRange(sequences);
            Signal();
        }
    }

    /// <inheritdoc />
    public void Wake()
    {
        lock (_gate)
            Signal();
    }

    /// <inheritdoc />
    public void Cancelled()
    {
        _cancellations = true;
        Wake();
    }

    /// <summary>Finishes the running step. Every stream that has not ended fails with <see cref="EngineStoppedException"/>.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
            _stopped ??= _thread;
            return new ValueTask(_stopped);
        }
    }

    private void Signal()
    {
        _signalled = true;
        Monitor.Pulse(_gate);
    }

    private bool Run()
    {
        try
        {
            Loop();
            return true;
        }
        catch (Exception e)
        {
            Abandon(e);
            return false;
        }
        finally
        {
            _stage.Dispose();
        }
    }

    private void Loop()
    {
        var busy = false;
        while (Collect(busy))
        {
            Drop();
            Admit();
            var preemptions = _preemptions;
            PutStepTogether();
            if (_rowCount > 0)
                Step();

            // A preempted sequence may now get the place of a sequence whose reader has stopped. Only Admit can decide that, so the loop must not wait first.
            busy = _rowCount > 0 || _preemptions > preemptions;
            Publish();
        }

        var dropped = _running.Count + _queue.Count;
        Clear(new EngineStoppedException(_model));
        Log.Stopped(_logger, _model, dropped);
    }

    /// <summary>Takes over the sequences that callers have submitted. Waits if there is nothing to do. False: the engine stops.</summary>
    private bool Collect(bool busy)
    {
        lock (_gate)
        {
            while (!busy && !_signalled && !_stopping)
            {
                var wait = NextStall();
                if (!Monitor.Wait(_gate, wait))
                    break;
            }

            _signalled = false;
            (_incoming, _taken) = (_taken, _incoming);
            if (_stopping)
            {
                QueueTaken();
                return false;
            }
        }

        QueueTaken();
        return true;
    }

    private void QueueTaken()
    {
        foreach (var sequence in _taken)
        {
            sequence.Arrival = ++_arrivals;
            _queue.Add(sequence);
        }

        _taken.Clear();
    }

    /// <summary>Time until a sequence with a full ring must give up its slot to waiting sequences.</summary>
    private TimeSpan NextStall()
    {
        if (!_othersWait)
            return Timeout.InfiniteTimeSpan;
        var least = Timeout.InfiniteTimeSpan;
        foreach (var sequence in _running)
        {
            if (sequence.StalledAt is not { } since)
                continue;
            var left = StallGrace - Time.GetElapsedTime(since);
            if (left <= TimeSpan.Zero)
                return TimeSpan.Zero;

            // Monitor.Wait truncates its timeout to whole milliseconds.
            left += TimeSpan.FromMilliseconds(1);
            if (least == Timeout.InfiniteTimeSpan || left < least)
                least = left;
        }

        return least;
    }

    /// <summary>Removes the sequences of cancelled streams.</summary>
    private void Drop()
    {
        if (!_cancellations)
            return;
        _cancellations = false;
        DropAll(static s => s.Stream.IsCancelled);
    }

    private void DropAll(Predicate<GenerationSequence> match)
    {
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            var sequence = _running[i];
            if (!match(sequence))
                continue;
            _trials.Forget(sequence);
            Retire(sequence, keep: sequence.Stream.IsCancelled);
            CountCancelled(sequence);
        }

        _queue.RemoveAll(match, _removed);
        foreach (var sequence in _removed)
        {
            _trials.Forget(sequence);
            Leave(sequence);
            sequence.State = SequenceState.Ended;
            CountCancelled(sequence);
        }

        _removed.Clear();
        _queue.Sweep();
    }

    private void CountCancelled(GenerationSequence sequence)
    {
        var stream = sequence.Stream;
        if (!stream.IsCancelled)
            return;
        _cancelled++;
        var (at, steps) = stream.Cancellation;
        var late = (int)(sequence.LastStep - steps);
        if (late > _mostStepsAfterCancel)
            Volatile.Write(ref _mostStepsAfterCancel, late);
        var ms = Time.GetElapsedTime(at).TotalMilliseconds;
        if (ms > _mostCancelMs)
            Volatile.Write(ref _mostCancelMs, ms);
    }

    /// <summary>Removes a waiting sequence from the queue's count, or from the count of preempted sequences.</summary>
    private void Leave(GenerationSequence sequence)
    {
        if (sequence.Started)
        {
            Volatile.Write(ref _preempted, _preempted - 1);
            return;
        }

        sequence.Started = true;
        if (--sequence.Prompt.Unstarted == 0)
            DropPrivate(sequence.Prompt);
        lock (_gate)
            _queued--;
    }

    private bool CanStart(GenerationSequence sequence)
    {
        if (sequence.Started && !sequence.Stream.HasRoom())
            return false;
        return sequence.Prompt.Leader is not { State: SequenceState.Running } leader || leader.Computed >= sequence.Prompt.Ids.Length;
    }

    private void Admit()
    {
        _othersWait = false;
        while (_queue.Count > 0 && _queue.Next(_canStart) is { } next)
        {
            while (_running.Count >= _options.MaxSequences || !TryPlace(next))
            {
                if (!ParkStalled())
                {
                    _othersWait = true;
                    return;
                }
            }

            Start(next);
        }
    }

    private void Start(GenerationSequence sequence)
    {
        _queue.Remove(sequence);
        var first = !sequence.Started;
        sequence.State = SequenceState.Running;
        sequence.StalledAt = null;
        sequence.Line.Running++;
        _worstCases += sequence.WorstCase;
        var at = _running.Count;
        while (at > 0 && _running[at - 1].Arrival > sequence.Arrival)
            at--;
        _running.Insert(at, sequence);

        // Leave may throw, so the sequence is added to _running first: at any time a sequence must be in some list.
        Leave(sequence);
        var prompt = sequence.Prompt;
        if (first)
        {
            sequence.Line.Served += FairQueue.PromptWeight * (long)Math.Max(1, sequence.Length - sequence.Computed);
            var stream = sequence.Stream;
            if (prompt.Leader is null)
            {
                var cached = Math.Min(sequence.Computed, prompt.Ids.Length);
                stream.CachedTokens += cached;
                _cachedTokens += cached;
                _promptTokensSeen += prompt.Ids.Length;
            }

            if (!stream.Begun)
            {
                stream.Begun = true;
                stream.QueueMs = (float)Time.GetElapsedTime(stream.Admitted).TotalMilliseconds;
            }
        }

        prompt.Leader ??= sequence;
    }

    /// <summary>
    /// Gives a sequence a slot and memory, and reuses cached keys and values that match its ids. False: there is no room, and nothing has changed.
    /// </summary>
    private bool TryPlace(GenerationSequence sequence)
    {
        var need = sequence.IsOpen ? Math.Min(sequence.WorstCase, sequence.Length + _growth) : sequence.WorstCase;
        if (_ledger.Reserved + need > _ledger.Budget)
            return false;
        if (_running.Count > 0 && _ledger.Reserved + sequence.WorstCase > _ledger.Budget && _worstCases + sequence.WorstCase > Overcommit * _ledger.Budget)
            return false;
        var match = PrefixSearch.Find(sequence, _ledger.Prefixes, _running, _options.PrefixCache);
        var (reuse, prefix) = (match.Tokens, match.Prefix);
        var takeOver = prefix is not null && prefix.OnlyFor is null && prefix.Ids.Length - reuse < PrefixSearch.Least;
        if (!takeOver)
        {
            MakeRoom(need, needSlot: true, prefix);
            takeOver = _ledger.Free < need || _ledger.FreeSlots == 0;
        }

        if (takeOver)
        {
            _ledger.Drop(prefix!);
            MakeRoom(need, needSlot: false, null);
            sequence.Slot = prefix!.Slot;
            _stage.Truncate(sequence.Slot, reuse);
        }
        else
        {
            sequence.Slot = _ledger.TakeSlot();
            if (reuse > 0)
                _stage.Copy(match.Slot, sequence.Slot, reuse);
            if (prefix is not null)
                _ledger.Touch(prefix);
        }

        _ledger.Reserve(need);
        sequence.Reserved = need;
        sequence.Computed = reuse;
        sequence.Roles = match.Roles.First(reuse);
        sequence.Moved = !sequence.Started && sequence.Generated > 0;
        BoundReplay(sequence);
        return true;
    }

    /// <summary>Evicts kept prefixes, least recently used first, until there is room or none is left.</summary>
    private void MakeRoom(long tokens, bool needSlot, CachedPrefix? except)
    {
        while ((_ledger.Free < tokens || (needSlot && _ledger.FreeSlots == 0)) && _ledger.Oldest(except) is { } oldest)
            GiveUp(oldest);
    }

    private void GiveUp(CachedPrefix prefix)
    {
        _ledger.Drop(prefix);
        Forget(prefix.Slot);
    }

    /// <summary>Empties a slot and marks it free, even if the stage throws while emptying it.</summary>
    private void Forget(int slot)
    {
        try
        {
            Empty(slot);
        }
        finally
        {
            _ledger.FreeSlot(slot);
        }
    }

    /// <summary>
    /// Preempts a running sequence whose ring has been full for <see cref="StallGrace"/> and is still full. False: there is no such sequence.
    /// </summary>
    private bool ParkStalled()
    {
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            var sequence = _running[i];
            if (sequence.StalledAt is not { } since || Time.GetElapsedTime(since) < StallGrace)
                continue;
            if (sequence.Stream.HasRoom())
            {
                sequence.StalledAt = null;
                continue;
            }

            Preempt(sequence, keep: true);
            return true;
        }

        return false;
    }

    private void Preempt(GenerationSequence sequence, bool keep)
    {
        try
        {
            Retire(sequence, keep);
        }
        finally
        {
            sequence.State = SequenceState.Waiting;
            _queue.Add(sequence);
        }

        Volatile.Write(ref _preempted, _preempted + 1);
        _preemptions++;
    }

    /// <summary>Removes a sequence from the running ones. The content of its slot is kept for other sequences, or dropped.</summary>
    private void Retire(GenerationSequence sequence, bool keep)
    {
        _running.Remove(sequence);
        sequence.Line.Running--;
        _worstCases -= sequence.WorstCase;
        _ledger.Unreserve(sequence.Reserved);
        var kept = false;
        try
        {
            kept = keep && TryKeep(sequence);
        }
        finally
        {
            var slot = sequence.Slot;
            sequence.State = SequenceState.Ended;
            sequence.Slot = -1;
            sequence.Computed = 0;
            sequence.Roles = default;
            sequence.Reserved = 0;
            Volatile.Write(ref _inUse, _running.Count);
            Volatile.Write(ref _reservedTokens, _ledger.Reserved);
            if (!kept)
                Forget(slot);
        }
    }

    private bool TryKeep(GenerationSequence sequence)
    {
        var ids = sequence.Ids[..sequence.Computed];
        PromptRun? only = null;
        if (!_options.PrefixCache)
        {
            if (sequence.Prompt.Unstarted == 0 || sequence.Computed < sequence.Prompt.Ids.Length || sequence.Stream.IsCancelled)
                return false;
            only = sequence.Prompt;
        }
        else if (ids.Length < PrefixSearch.Least)
        {
            return false;
        }

        for (var i = _ledger.Prefixes.Count - 1; i >= 0; i--)
        {
            var kept = _ledger.Prefixes[i];
            if (kept.OnlyFor != only || kept.Tenant != sequence.Tenant)
                continue;
            if (kept.Ids.AsSpan().StartsWith(ids) && kept.Roles.Pieces >= sequence.Roles.Pieces)
            {
                _ledger.Touch(kept);
                return false;
            }

            if (ids.StartsWith(kept.Ids) && sequence.Roles.Pieces >= kept.Roles.Pieces)
                GiveUp(kept);
        }

        _ledger.Keep(new CachedPrefix { Tenant = sequence.Tenant, Ids = ids.ToArray(), Slot = sequence.Slot, Roles = sequence.Roles, OnlyFor = only });
        return true;
    }

    private void DropPrivate(PromptRun prompt)
    {
        if (_options.PrefixCache)
            return;
        for (var i = _ledger.Prefixes.Count - 1; i >= 0; i--)
        {
            if (_ledger.Prefixes[i].OnlyFor == prompt)
                GiveUp(_ledger.Prefixes[i]);
        }
    }

    private void PutTogether()
    {
        _rowCount = 0;
        _idCount = 0;
        _decodeRows = 0;
        _replayRows = 0;
        _promptTokens = 0;
        _round++;
        if (PutReplaysTogether())
            return;

        // By index: making room for an older sequence may remove younger ones from the list. They come later in it.
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            if (sequence.PiecePending > 1 || sequence.Stream.IsCancelled || !_trials.Admits(sequence))
                continue;
            if (sequence.Replays)
            {
                AddReplay(sequence);
                continue;
            }

            if (!TryReserve(sequence))
                continue;
            if (Grow(sequence))
            {
                AddRow(sequence, 1);
                _decodeRows++;
            }
            else
            {
                sequence.Stream.Unreserve();
            }
        }

        if (_pace.MustMeasure(_decodeRows))
            return;
        var (starting, moved) = (0, false);
        foreach (var sequence in _running)
        {
            if (sequence.PiecePending <= 1 || !_trials.Admits(sequence))
                continue;
            starting += sequence.PiecePending <= StepPace.ShortPrompt ? 1 : 0;
            moved |= sequence.Moved && sequence.StalledAt is null;
        }

        // While moved sequences compute their tokens again, prompts of new sequences get no more than their normal share.
        AddPrompts(
            _pace.PromptTokens(_decodeRows),
            _pace.PromptTokens(_decodeRows, _replayRows > 0 ? 0 : starting),
            moved ? _pace.PromptTokens(_decodeRows, _decodeRows) : 0);
    }

    private bool TryReserve(GenerationSequence sequence)
    {
        if (sequence.Stream.TryReserve())
        {
            sequence.StalledAt = null;
            return true;
        }

        sequence.StalledAt ??= Time.GetTimestamp();
        return false;
    }

    /// <summary>
    /// Reserves memory for a sequence's next token and preempts the youngest sequences if needed. False: the sequence was itself the youngest and was
    /// preempted.
    /// </summary>
    private bool Grow(GenerationSequence sequence)
    {
        var missing = sequence.Length - sequence.Reserved;
        if (missing <= 0)
            return true;
        var wanted = Math.Min(sequence.WorstCase - sequence.Reserved, missing + _growth - 1);
        while (_ledger.Budget - _ledger.Reserved < missing)
        {
            var youngest = _running[^1];
            Preempt(youngest, keep: false);
            if (youngest == sequence)
                return false;
        }

        wanted = (int)Math.Min(wanted, _ledger.Budget - _ledger.Reserved);
        MakeRoom(wanted, needSlot: false, null);
        _ledger.Reserve(wanted);
        sequence.Reserved += wanted;
        return true;
    }

    /// <summary>
    /// Adds chunks of prompts to the step. Moved sequences come first. Then tenants take turns; within a tenant, the older sequence comes first.
    /// </summary>
    /// <param name="budget">Most tokens of prompt chunks.</param>
    /// <param name="whole">Most tokens if short prompts are included whole; not below <paramref name="budget"/>.</param>
    /// <param name="moved">Most tokens of moved sequences.</param>
    private void AddPrompts(int budget, int whole, int moved)
    {
        while (whole > 0 || moved > 0)
        {
            GenerationSequence? next = null;
            foreach (var sequence in _running)
            {
                if (sequence.PiecePending > 1 && sequence.ConsideredFor != _round && !sequence.Stream.IsCancelled && _trials.Admits(sequence)
                    && (next is null || (sequence.Moved && !next.Moved) || (sequence.Moved == next.Moved && sequence.Line.PromptTurn < next.Line.PromptTurn)))
                    next = sequence;
            }

            if (next is null)
                return;
            next.ConsideredFor = _round;
            var pending = next.PiecePending;
            var most = next.Moved ? Math.Min(pending, moved) : pending <= Math.Min(StepPace.ShortPrompt, whole) ? pending : Math.Min(pending, budget);
            if (most < pending && (most <= 0 || (most < StepPace.LeastTokens && _promptTokens > 0)))
                continue;
            var count = PromptCut.Of(pending, most, _blocks);
            next.Line.PromptTurn = ++_turn;
            if (count == next.Pending && !TryReserve(next))
                continue;
            AddRow(next, count);
            _promptTokens += count;
            budget -= count;
            whole -= count;
            moved -= count;
        }
    }

    private void AddRow(GenerationSequence sequence, int count)
    {
        if (_idCount + count > _ids.Length)
            Array.Resize(ref _ids, Math.Max(_idCount + count, _ids.Length * 2));
        sequence.Ids.Slice(sequence.Computed, count).CopyTo(_ids.AsSpan(_idCount));
        _rows[_rowCount] = new DecoderRow(sequence.Slot, sequence.Computed, _idCount, count, count == sequence.Pending);
        _rowSequences[_rowCount++] = sequence;
        _idCount += count;
        sequence.LastStep = _steps + 1;
    }

    private void Step()
    {
        var rows = _rows.AsSpan(0, _rowCount);
        var vocabulary = _stage.Shape.Vocabulary;
        var wanted = 0;
        foreach (ref readonly var row in rows)
            wanted += row.WantsLogits ? 1 : 0;
        if (_logits.Length < wanted * vocabulary)
            _logits = new float[Math.Min(_options.MaxSequences, Math.Max(wanted, 2 * (_logits.Length / vocabulary))) * vocabulary];
        Publish();
        var started = Time.GetTimestamp();
        try
        {
            _stage.Forward(rows, _ids.AsSpan(0, _idCount), _logits.AsSpan(0, wanted * vocabulary));
        }
        catch (Exception e)
        {
            Volatile.Write(ref _steps, _steps + 1);
            Log.StepFailed(_logger, _model, _rowCount, _idCount, e);
            SearchFault(rows, e);
            return;
        }

        var elapsedMs = Time.GetElapsedTime(started).TotalMilliseconds;
        Volatile.Write(ref _steps, _steps + 1);
        _pace.Observe(_decodeRows, _promptTokens, elapsedMs);
        var betweenTokensMs = ShareWithReplays(elapsedMs);
        if (_decodeRows > _replayRows)
        {
            lock (_gate)
                _tokenTimes.Step(betweenTokensMs, _pace.DecodeMs(1), Time.GetTimestamp());
        }

        HandOver(rows, vocabulary, elapsedMs / _rowCount);
        _trials.Calm();
    }

    private void ForgetFailed()
    {
        DropAll(static s => s.Stream.IsOver);
        Array.Clear(_rowSequences, 0, _rowCount);
    }

    private void HandOver(ReadOnlySpan<DecoderRow> rows, int vocabulary, double shareMs)
    {
        var failed = false;
        var at = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            var sequence = _rowSequences[i];
            sequence.Roles = sequence.Roles.After(sequence.Computed, rows[i].Count);
            sequence.Computed += rows[i].Count;
            sequence.ServiceMs += shareMs;
            _trials.Passed(sequence);
            if (!rows[i].WantsLogits)
                continue;
            var logits = _logits.AsSpan(at, vocabulary);
            at += vocabulary;
            if (sequence.Stream.IsCancelled)
            {
                sequence.Stream.Unreserve();
                continue;
            }

            try
            {
                HandOver(sequence, logits);
            }
            catch (Exception e) when (e is not StageLostException)
            {
                Log.TokenFailed(_logger, _model, sequence.Choice, sequence.Generated, e);
                sequence.Stream.Fail(e);
                failed = true;
            }
        }

        Publish();
        foreach (var stream in _touched)
        {
            stream.Touched = false;
            stream.Signal();
        }

        _touched.Clear();
        _queue.Sweep();
        if (failed)
            ForgetFailed();
        else
            Array.Clear(_rowSequences, 0, _rowCount);
    }

    /// <summary>Samples the next token of a sequence and appends it to the ring of its stream.</summary>
    private void HandOver(GenerationSequence sequence, Span<float> logits)
    {
        var position = sequence.Generated;
        GeneratedLogprob? logprob = null;
        int id;
        if (sequence.Logprobs is { } top)
        {
            if (_scratch.Length < logits.Length)
                _scratch = new float[logits.Length];
            var scratch = _scratch.AsSpan(0, logits.Length);
            logits.CopyTo(scratch);
            id = sequence.Sampler.Sample(scratch, position);
            logprob = Logprobs.Of(logits, id, top);
        }
        else
        {
            id = sequence.Sampler.Sample(logits, position);
        }

        sequence.Moved = false;
        sequence.Append(id);
        sequence.Line.Served += FairQueue.GeneratedWeight;
        _generatedTokens++;
        var text = sequence.Text.Append(id, sequence.Length >= sequence.Limit, out var finish);
        if (finish is not null)
        {
            Retire(sequence, keep: true);
            Publish();
            lock (_gate)
            {
                _serviceTime.Add((float)sequence.ServiceMs, Time.GetTimestamp());
                _tokenTimes.Ended(sequence.Generated);
            }
        }

        var stream = sequence.Stream;
        stream.Append(new TokenEvent(sequence.Choice, position, id, text, logprob, finish));
        if (stream.Touched)
            return;
        stream.Touched = true;
        _touched.Add(stream);
    }

    /// <summary>Fails every stream, empties every slot and resets all state.</summary>
    private void Clear(Exception reason)
    {
        foreach (var sequence in _running)
            sequence.Stream.Fail(reason);
        _queue.RemoveAll(static _ => true, _removed);
        foreach (var sequence in _removed)
        {
            Leave(sequence);
            sequence.State = SequenceState.Ended;
            sequence.Stream.Fail(reason);
        }

        _removed.Clear();
        for (var i = _running.Count - 1; i >= 0; i--)
            Retire(_running[i], keep: false);

        // No sequence holds a slot any more, even if an operation was interrupted halfway.
        _ledger.Clear();
        for (var slot = 0; slot < _ledger.Slots; slot++)
            Empty(slot);
        foreach (var stream in _touched)
            stream.Touched = false;
        _touched.Clear();
        _queue.Sweep();
        Publish();
    }

    private void Publish()
    {
        Volatile.Write(ref _inUse, _running.Count);
        Volatile.Write(ref _reservedTokens, _ledger.Reserved);
        Volatile.Write(ref _keptTokens, _ledger.Kept);
    }
}
