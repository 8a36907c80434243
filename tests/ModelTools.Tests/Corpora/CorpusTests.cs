using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Sampling;
using Meridian.ModelTools.Corpora;
using Meridian.ModelTools.Tests.Harness;
using Meridian.TestModels;

namespace Meridian.ModelTools.Tests.Corpora;

public sealed class CorpusTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Shared)]
    public void A_teacher_writes_what_its_distribution_says_and_notes_it(KvLayout layout)
    {
        using var teacher = TeacherModel.Open(MadeModels.Get(layout), sideBySide: 4, threads: 1);
        var plan = Plan(teacher) with { Temperatures = [1f, 0.5f], Top = 5, Length = 24 };

        var texts = Corpus.Draw(teacher.Stage, plan, 9);

        Assert.Equal(9, texts.Length);
        using var decoder = new RawDecoder(MadeModels.Get(layout), layout);
        for (var number = 0; number < texts.Length; number++)
        {
            var text = texts[number];
            Assert.Equal(number % 2 == 0 ? 1f : 0.5f, text.Temperature);
            Assert.Equal(plan.Prompts[0][0], text.Tokens[0]);
            Assert.True(text.Tokens.Length == 24 || plan.EndIds.Contains(text.Tokens[^1]));
            Assert.Equal((text.Tokens.Length - 1) * 5, text.TopIds.Length);
            decoder.Clear();
            var sampler = new Sampler(new SamplingSettings { Temperature = text.Temperature, Seed = plan.Seed }, number, teacher.Stage.Shape.Vocabulary);
            for (var i = 0; i < text.Tokens.Length - 1; i++)
            {
                var logits = decoder.Append([text.Tokens[i]])[^1];
                var sum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
                var best = logits.Select((logit, id) => (Logit: logit, Id: id)).OrderByDescending(entry => entry.Logit).ThenBy(entry => entry.Id).Take(5).ToArray();
                for (var j = 0; j < 5; j++)
                    Assert.Equal(logits[text.TopIds[(i * 5) + j]] - sum, (double)text.TopLogProbabilities[(i * 5) + j], 2e-2);
                Assert.Equal(best.Select(entry => entry.Logit), Enumerable.Range(0, 5).Select(j => logits[text.TopIds[(i * 5) + j]]), (a, b) => Math.Abs(a - b) < 1e-3);
                Assert.Equal(sampler.Sample(logits, i + 1), text.Tokens[i + 1]);
            }
        }
    }

    [Fact]
    public void Writing_that_was_interrupted_ends_with_the_same_texts()
    {
        using var teacher = TeacherModel.Open(MadeModels.Get(KvLayout.Shared), sideBySide: 8, threads: 1);
        var plan = Plan(teacher);
        var whole = Corpus.Write(Path.Combine(_folder.Path, "whole"), teacher.Stage, plan, 20_000);
        var broken = Path.Combine(_folder.Path, "broken");
        using (var stop = new CancellationTokenSource())
            Assert.Throws<OperationCanceledException>(() => Corpus.Write(broken, teacher.Stage, plan, 20_000, done => StopAt(done, stop), stop.Token));
        var kept = Directory.GetFiles(broken, "*.corpus").Length;
        File.WriteAllText(CorpusPart.PathOf(broken, kept) + ".half", "what a kill left");

        var continued = Corpus.Write(broken, teacher.Stage, plan, 20_000);

        Assert.True(kept > 0);
        Assert.Equal(Flat(whole), Flat(continued));
        Assert.Equal(Flat(whole), Flat(Corpus.Write(broken, teacher.Stage, plan, 20_000)));

        static void StopAt(long done, CancellationTokenSource stop)
        {
            if (done > 15_000)
                stop.Cancel();
        }
    }

    [Fact]
    public void Texts_begin_with_the_prompts_in_turn()
    {
        using var teacher = TeacherModel.Open(MadeModels.Get(KvLayout.Shared), sideBySide: 3, threads: 1);
        var path = Path.Combine(_folder.Path, "prompts.txt");
        File.WriteAllText(path, "One day\n\nThe cat sat on\n");
        var prompts = teacher.Prompts(path);

        var texts = Corpus.Draw(teacher.Stage, Plan(teacher) with { Prompts = prompts }, 4);

        Assert.Equal(2, prompts.Count);
        for (var i = 0; i < texts.Length; i++)
            Assert.Equal(prompts[i % 2], texts[i].Tokens[..prompts[i % 2].Length]);
        File.WriteAllText(path, "\n\n");
        Assert.Contains("has no line with text", Assert.Throws<ModelPackageException>(() => teacher.Prompts(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(2000)]
    [InlineData(-1)]
    public void A_damaged_part_is_named(int position)
    {
        using var teacher = TeacherModel.Open(MadeModels.Get(KvLayout.Shared), sideBySide: 8, threads: 1);
        Corpus.Write(_folder.Path, teacher.Stage, Plan(teacher), 1);
        var path = CorpusPart.PathOf(_folder.Path, 0);
        var bytes = File.ReadAllBytes(path);
        if (position < 0)
            bytes = bytes[..20];
        else
            bytes[position] ^= 1;
        File.WriteAllBytes(path, bytes);

        var refusal = Assert.Throws<ModelPackageException>(() => Corpus.Write(_folder.Path, teacher.Stage, Plan(teacher), 1));

        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Delete it", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_of_another_plan_are_not_mixed_in()
    {
        using var teacher = TeacherModel.Open(MadeModels.Get(KvLayout.Shared), sideBySide: 8, threads: 1);
        Corpus.Write(_folder.Path, teacher.Stage, Plan(teacher), 1);

        var refusal = Assert.Throws<ModelPackageException>(() => Corpus.Write(_folder.Path, teacher.Stage, Plan(teacher) with { Seed = 8 }, 1));

        Assert.Contains("with other options", refusal.Message, StringComparison.Ordinal);
    }

    private static CorpusPlan Plan(TeacherModel teacher) => new()
    {
        Teacher = teacher.Package.Manifest.Version,
        SideBySide = teacher.Stage.Slots,
        Seed = 7,
        Temperatures = [1],
        Top = 4,
        Length = 12,
        Prompts = teacher.Prompts(null),
        EndIds = teacher.Stage.Config.EndIds,
    };

    private static string Flat(IEnumerable<CorpusText> texts) =>
        string.Join('\n', texts.Select(text => $"{string.Join(' ', text.Tokens)}|{string.Join(' ', text.TopIds)}|{string.Join(' ', text.TopLogProbabilities)}"));
}
