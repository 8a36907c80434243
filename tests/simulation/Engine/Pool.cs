using Meridian.Messages;
using Meridian.Simulation.Model;

namespace Meridian.Simulation.Engine;

/// <summary>
/// The replicas of one model in one region: slots, a queue in front, and the keys and values of the conversations that were served last. A sequence's step takes as long as those that
/// run beside it at its admission make it; replicas share the load evenly.
/// </summary>
/// <param name="engine">Of each replica.</param>
/// <param name="model">Name.</param>
/// <param name="replicas">At first.</param>
/// <param name="generates">Whether it generates text, and so reports how fast.</param>
internal sealed class Pool(EngineModel engine, string model, int replicas, bool generates)
{
    private readonly Queue<Job> _waiting = new();
    private readonly Dictionary<ulong, LinkedListNode<(ulong Conversation, int Tokens)>> _cache = [];
    private readonly LinkedList<(ulong Conversation, int Tokens)> _recent = [];
    private double _serviceMs;
    private double _tokens;
    private ModelStatus? _status;

    public int Replicas { get; private set; } = replicas;

    public int Running => RunningJobs.Count;

    /// <value>In the order of their admission.</value>
    public List<Job> RunningJobs { get; } = [];

    public int Waiting => _waiting.Count;

    public int Slots => Replicas * engine.Slots;

    public bool HasSlot => Running < Replicas * engine.Slots;

    public bool HasRoom => Waiting < Replicas * engine.Queue;

    public bool TryDequeue(out Job job) => _waiting.TryDequeue(out job!);

    public void Enqueue(Job job)
    {
        _waiting.Enqueue(job);
        _status = null;
    }

    /// <summary>Takes a slot; returns the time to the first token, ms, and sets the job's pace.</summary>
    public double Admit(Job job)
    {
        RunningJobs.Add(job);
        _status = null;
        job.Cached = Math.Min(Known(job.Conversation), job.PromptTokens - 1);
        job.StepMs = engine.StepMs + (engine.StepMsPerSequence * (Running - 1) / Math.Max(1, Replicas));

        // What was generated elsewhere is taken in like a prompt.
        return ((job.PromptTokens - job.Cached + job.Received) / engine.PrefillPerMs) + job.StepMs;
    }

    public void Release(Job job, double tookMs, bool complete)
    {
        RunningJobs.Remove(job);
        _status = null;
        if (!complete)
            return;
        _tokens = _tokens == 0 ? job.OutputTokens : _tokens + (0.1 * (job.OutputTokens - _tokens));
        _serviceMs = _serviceMs == 0 ? tookMs : _serviceMs + (0.1 * (tookMs - _serviceMs));
        Remember(job.Conversation, job.PromptTokens + job.OutputTokens);
    }

    /// <summary>Changes the number of replicas: what is lost takes its share of the cache with it.</summary>
    public void Resize(int replicas)
    {
        if (replicas < Replicas)
            Trim(_recent.Count * replicas / Math.Max(1, Replicas));
        Replicas = replicas;
        _status = null;
    }

    /// <summary>Everything in memory is gone.</summary>
    public void Lose()
    {
        _waiting.Clear();
        RunningJobs.Clear();
        _cache.Clear();
        _recent.Clear();
        _serviceMs = 0;
        _tokens = 0;
        _status = null;
    }

    /// <summary>As the region reports it; the same object until something changes.</summary>
    public ModelStatus Status() => _status ??= new ModelStatus
    {
        Model = model,
        Version = "v1",
        Variant = "fp16",
        DesiredReplicas = Replicas,
        ReadyReplicas = Replicas,
        InFlight = Running,
        Queued = Waiting,
        QueueCapacity = Replicas * engine.Queue,
        ServiceMs = (float)_serviceMs,
        Pace = !generates ? null : new TokenPace
        {
            TokenMs = (float)(engine.StepMs + (engine.StepMsPerSequence * Math.Max(0, Running - 1) / Math.Max(1, Replicas))),
            AloneMs = (float)engine.StepMs,
            Tokens = (float)_tokens,
            Slots = Replicas * engine.Slots,
        },
    };

    /// <summary>Time until an answer would be complete if it came now, ms: what only the simulation can know.</summary>
    public double TrueCompletionMs(Job job)
    {
        if (Replicas == 0)
            return double.PositiveInfinity;
        var step = engine.StepMs + (engine.StepMsPerSequence * Math.Min(Running, Replicas * engine.Slots) / Replicas);
        var own = ((job.PromptTokens - Math.Min(Known(job.Conversation), job.PromptTokens - 1) + job.Received) / engine.PrefillPerMs) + ((job.OutputTokens - job.Received) * step);
        var free = (Replicas * engine.Slots) - Running;
        return own + (Waiting < free ? 0 : (Waiting - free + 1) * _serviceMs / (Replicas * engine.Slots));
    }

    private int Known(ulong conversation) => _cache.TryGetValue(conversation, out var node) ? node.Value.Tokens : 0;

    private void Remember(ulong conversation, int tokens)
    {
        if (_cache.Remove(conversation, out var node))
            _recent.Remove(node);
        _cache[conversation] = _recent.AddFirst((conversation, tokens));
        Trim(Replicas * engine.CachedConversations);
    }

    private void Trim(int most)
    {
        while (_recent.Count > most)
        {
            _cache.Remove(_recent.Last!.Value.Conversation);
            _recent.RemoveLast();
        }
    }
}
