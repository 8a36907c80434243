using System.Numerics;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// How many prompt tokens a step may take beside the sequences that generate, from what steps have been seen to cost.
/// </summary>
/// <remarks>
/// The time between two tokens of a running stream is the time of a step, except while texts that moved are computed again. A prompt's share of a step is bounded by <see cref="PromptShare"/> of what the step takes
/// without it, so a long prompt slows the others by a known factor, whatever the model and the machine (chunked prefill as in Sarathi-Serve, OSDI 2024, with the
/// budget measured instead of given).
/// <para>
/// What a prompt token costs is the mean over the chunk, so a fixed cost of running prompts at all (weights read once more) is in it: smaller chunks look dearer.
/// The budget then settles where fixed cost and tokens together fill the share.
/// </para>
/// </remarks>
internal sealed class StepPace
{
    /// <summary>
    /// Time for prompts in a step with generating sequences, relative to the step's time without them. A run of its own for the prompt costs about as much as a small step
    /// (the weights are read once more) before its tokens count: at a share of 1 hardly any time is left for those, and a long prompt waits three times as long for
    /// little gain of the others; much above 1.75 there is no room for jitter below three times the step.
    /// </summary>
    public const double PromptShare = 1.75;

    /// <summary>Longest step that only computes prompts, ms: newcomers and cancellations wait for it.</summary>
    public const double LongestPromptStepMs = 250;

    /// <summary>Fewest prompt tokens of a step, however slow: a prompt gets on.</summary>
    public const int LeastTokens = 8;

    /// <summary>Most tokens of a prompt that is computed at once with others of its kind.</summary>
    public const int ShortPrompt = 64;

    private const double Smoothing = 0.2;

    /// <summary>Steps in a row that may carry prompts: after so many the time without them is measured anew.</summary>
    private const int MostMixed = 32;

    // By the power of two of the rows; 0 where nothing was measured.
    private readonly double[] _decodeMs = new double[32];

    // Steps with prompts since then; where nothing was measured, as many as are allowed.
    private readonly int[] _mixed = new int[32];

    // The first of two steps that measure anew; 0 for none.
    private readonly double[] _first = new double[32];
    private readonly int _most;
    private double _tokenMs;

    /// <param name="most">Most prompt tokens of a step.</param>
    /// <param name="decodeMs">A step of one generating sequence, measured; ms.</param>
    /// <param name="tokenMs">A prompt token, measured; ms.</param>
    public StepPace(int most, double decodeMs, double tokenMs)
    {
        _most = most;
        _decodeMs[0] = decodeMs;
        Array.Fill(_mixed, MostMixed, 1, _mixed.Length - 1);
        _tokenMs = tokenMs;
    }

    /// <summary>Time of a step of some generating sequences alone, ms.</summary>
    public double DecodeMs(int rows)
    {
        // Steps with more rows take no less time, so the nearest smaller measurement errs on the side of the running streams.
        for (var i = Place(rows); i >= 0; i--)
        {
            if (_decodeMs[i] > 0)
                return _decodeMs[i];
        }

        return 0;
    }

    /// <summary>
    /// Whether the next step should carry no prompts, so that it is known what a step takes without them. Where prompts wait all the time nothing else tells: after a start the only
    /// measurement is that of one sequence, and prompts would get a share of that.
    /// </summary>
    /// <param name="decodeRows">Sequences that generate in it.</param>
    public bool MustMeasure(int decodeRows) => decodeRows > 0 && _mixed[Place(decodeRows)] >= MostMixed;

    /// <summary>Prompt tokens that the next step may take.</summary>
    /// <param name="decodeRows">Sequences that generate in it.</param>
    /// <param name="starting">
    /// Short prompts that wait to be computed. A burst of them, half as many as the sequences that generate or more, takes as long a step as it may: holding the
    /// few up for a moment costs less than letting the many wait while steps run half empty.
    /// </param>
    public int PromptTokens(int decodeRows, int starting = 0)
    {
        var ms = starting * 2 >= decodeRows ? LongestPromptStepMs : Math.Min(LongestPromptStepMs, PromptShare * DecodeMs(decodeRows));
        return _tokenMs <= 0 ? _most : (int)Math.Clamp(ms / _tokenMs, Math.Min(LeastTokens, _most), _most);
    }

    /// <summary>Takes in what a step took.</summary>
    public void Observe(int decodeRows, int promptTokens, double elapsedMs)
    {
        var place = Place(decodeRows);
        if (promptTokens == 0)
        {
            ref var decode = ref _decodeMs[place];
            if (!MustMeasure(decodeRows))
            {
                decode += Smoothing * (elapsedMs - decode);
                return;
            }

            // The smaller of two counts: other work of the machine may have held one of them up, and shares of it would be given to prompts for many steps.
            if (_first[place] == 0)
            {
                _first[place] = elapsedMs;
                decode = decode == 0 ? elapsedMs : decode;
                return;
            }

            decode = Math.Min(_first[place], elapsedMs);
            _first[place] = 0;
            _mixed[place] = 0;
            return;
        }

        if (decodeRows > 0)
            _mixed[place]++;
        var prompts = elapsedMs - (decodeRows == 0 ? 0 : DecodeMs(decodeRows));
        _tokenMs += Smoothing * ((Math.Max(prompts, elapsedMs * 0.05) / promptTokens) - _tokenMs);
    }

    private static int Place(int rows) => rows <= 1 ? 0 : BitOperations.Log2((uint)rows);
}
