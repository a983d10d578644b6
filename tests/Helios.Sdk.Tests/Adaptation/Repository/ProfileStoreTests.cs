using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Backends;
using Helios.Sdk.Energy;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Checkpoints;
using Helios.Sdk.Tests.Energy;
using Helios.Sdk.Tests.Hosting;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Tests.Adaptation.Repository;

public sealed class ProfileStoreTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly CollectingLogger log = new();
    private readonly DatedClock clock = new() { Now = Records.Noon };

    private string File => folder["profiles.json"];

    [Fact]
    public void A_candidate_goes_on_from_what_was_known_of_it()
    {
        var former = Learnt("m", texts: 10);
        Open().Save([former], Lengths(40, 100));

        var store = Open();
        var candidate = Candidate("m");
        store.Restore(candidate);

        candidate.ScoredTexts.Should().Be(10);
        candidate.Restored!.Value.Requests.Should().Be(10);
        candidate.CostsAreInherited.Should().BeTrue();
        candidate.Costs.Current.PredictStep(8, 6, 50).Should().BeApproximately(former.Costs.Current.PredictStep(8, 6, 50), 0.05 * former.Costs.Current.PredictStep(8, 6, 50));
        candidate.Evidence.Summarize(0.5).Should().BeEquivalentTo(former.Evidence.Summarize(0.5));
        candidate.Model.Confidence.Current.Map(2, new ExitSignal { Top1 = 0.9f }).Should().Be(former.Model.Confidence.Current.Map(2, new ExitSignal { Top1 = 0.9f }));
        store.Usual.Should().Be(new UsualRequest(40, 100));
    }

    [Fact]
    public void Candidates_are_compared_on_the_texts_that_both_scored_in_whichever_run()
    {
        Open().Save([Learnt("a", texts: 6), Learnt("b", texts: 4)], new UsualLengths());

        var (store, a, b) = (Open(), Candidate("a"), Candidate("b"));
        store.Restore(a);
        store.Restore(b);
        // Live requests count from 1 again; what was restored must not be taken for them.
        Learn(a, text: 1);
        store.Save([a], new UsualLengths());
        var (again, c, d) = (Open(), Candidate("a"), Candidate("b"));
        again.Restore(c);
        again.Restore(d);

        a.ScoredTexts.Should().Be(7);
        b.Evidence.Scored.Select(request => request.Text).Should().BeSubsetOf(a.Evidence.Scored.Select(request => request.Text));
        c.ScoredTexts.Should().Be(7);
        d.Evidence.Scored.Select(request => request.Text).Should().BeSubsetOf(c.Evidence.Scored.Select(request => request.Text));
        d.Evidence.GapTo(2, c.Evidence).Should().NotBeNull();
    }

    [Fact]
    public void Evidence_weighs_less_with_age_and_is_dropped_in_the_end()
    {
        Open().Save([Learnt("m", texts: 10)], new UsualLengths());

        int After(double days)
        {
            clock.Now = Records.Noon.AddDays(days);
            var candidate = Candidate("m");
            Open().Restore(candidate);
            candidate.Costs.Current.IsMeasured.Should().BeTrue("costs are held against the machine, not against the calendar");
            return candidate.ScoredTexts;
        }

        new[] { 0.0, 1, 2, 8 }.Select(After).Should().Equal(10, 5, 2, 0);
    }

    [Fact]
    public void What_is_saved_again_unchanged_grows_no_younger()
    {
        Open().Save([Learnt("m", texts: 8)], new UsualLengths());
        for (var day = 1; day <= 2; day++)
        {
            clock.Now = Records.Noon.AddDays(day);
            var (store, candidate) = (Open(), Candidate("m"));
            store.Restore(candidate);
            store.Save([candidate], new UsualLengths());
        }

        var record = RepositoryFile.Read(File).Models[0];
        record.At.Should().Be(Records.Noon);
        record.Requests.Should().OnlyContain(request => request.At == Records.Noon);
    }

    [Fact]
    public void What_was_measured_elsewhere_or_at_other_exits_does_not_count()
    {
        Open().Save([Learnt("m", texts: 6)], new UsualLengths());

        var (elsewhere, otherwise, another) = (Candidate("m"), Candidate("m", partly: false), Candidate("n"));
        Open(settings => settings with { Site = new MeasuredOn("64 threads", Precision.Auto) }).Restore(elsewhere);
        Open().Restore(otherwise);
        Open().Restore(another);

        elsewhere.Costs.Current.IsMeasured.Should().BeFalse();
        another.Costs.Current.IsMeasured.Should().BeFalse();
        otherwise.Costs.Current.IsMeasured.Should().BeTrue();
        new[] { elsewhere, otherwise, another }.Should().OnlyContain(candidate => candidate.ScoredTexts == 0 && candidate.Restored == null);
    }

    [Fact]
    public void Models_that_are_no_candidates_now_are_kept()
    {
        Open().Save([Learnt("a", texts: 2), Learnt("b", texts: 2)], new UsualLengths());
        Open().Save([Learnt("a", texts: 5)], new UsualLengths());

        RepositoryFile.Read(File).Models.Select(model => (model.Name, model.Requests.Length)).Should().Equal(("a", 5), ("b", 2));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[1, 2]")]
    [InlineData("{}")]
    [InlineData("""{"models": [{"name": "m"}], "memoryBudget": "1GiB"}""")]
    public void A_file_of_another_kind_is_left_alone_with_a_warning(string content)
    {
        System.IO.File.WriteAllText(File, content);

        Open().Save([Learnt("m", texts: 3)], new UsualLengths());

        System.IO.File.ReadAllText(File).Should().Be(content);
        log.Of(LogLevel.Warning).Should().HaveCount(2).And.OnlyContain(line => line.Contains(File));
        log.Of(LogLevel.Warning).Last().Should().Contain("is not a model repository");
    }

    [Fact]
    public void An_empty_file_is_a_store_to_begin()
    {
        System.IO.File.WriteAllText(File, "");

        Open().Save([Learnt("m", texts: 3)], new UsualLengths());

        log.Of(LogLevel.Warning).Should().BeEmpty();
        RepositoryFile.Read(File).Models[0].Requests.Should().HaveCount(3);
    }

    [Theory]
    [InlineData("""{"version": 1, "models": [{"name": "m"}]}""")]
    [InlineData("""{"version": 99, "models": []}""")]
    public void A_store_that_holds_what_it_must_not_is_ignored_with_a_warning_and_replaced(string content)
    {
        System.IO.File.WriteAllText(File, content);

        var (store, candidate) = (Open(), Candidate("m"));
        store.Restore(candidate);
        store.Save([Learnt("m", texts: 3)], new UsualLengths());

        candidate.ScoredTexts.Should().Be(0);
        log.Of(LogLevel.Warning).Should().ContainSingle().Which.Should().Contain(File);
        RepositoryFile.Read(File).Models[0].Requests.Should().HaveCount(3);
    }

    [Fact]
    public void A_write_that_fails_is_a_warning()
    {
        var store = Open(settings => settings with { Path = folder["gone/profiles.json"] });

        store.Save([Learnt("m", texts: 3)], new UsualLengths());

        log.Of(LogLevel.Warning).Should().ContainSingle().Which.Should().Contain("written");
    }

    [Fact]
    public void Inherited_costs_are_scaled_to_the_machine_of_today()
    {
        var candidate = Learnt("m", texts: 1);
        var before = candidate.Costs.Current;

        candidate.ScaleCosts(2);

        foreach (var rows in new[] { 1, 4, 64 })
            candidate.Costs.Current.PredictStep(rows, 6, 100).Should().BeApproximately(2 * before.PredictStep(rows, 6, 100), 0.1 * before.PredictStep(rows, 6, 100));
        candidate.CostsAreInherited.Should().BeFalse();
    }

    [Fact]
    public void Watts_are_kept_until_they_are_measured_again()
    {
        using var gauge = FakeMeter.GaugeOf(watts: 42);
        Open(settings => settings with { Energy = gauge }).Save([Learnt("m", texts: 2)], new UsualLengths());

        var (store, candidate) = (Open(), Candidate("m"));
        store.Restore(candidate);
        candidate.FormerWatts.Should().Be(42);
        store.Save([candidate], new UsualLengths());

        RepositoryFile.Read(File).Models[0].Watts.Should().Be(42);
    }

    [Fact]
    public void Numbers_of_texts_do_not_grow_from_run_to_run()
    {
        var record = Records.Model("m") with { Key = new ModelKey("m", "2 threads", Precision.Bf16) };
        var far = record with { Requests = [.. record.Requests.Select((request, i) => request with { Evidence = request.Evidence with { Text = long.MaxValue - i } })] };
        RepositoryFile.Write(File, new ModelRepository([far]));

        Open().Save([Learnt("n", texts: 2)], new UsualLengths());

        RepositoryFile.Read(File).Models.SelectMany(model => model.Requests).Select(request => request.Evidence.Text).Should().BeEquivalentTo([0, 1, 2, 3, 4]);
    }

    [Fact]
    public void What_is_kept_of_texts_does_not_grow_with_those_that_were_scored()
    {
        var (store, candidate) = (Open(), Learnt("m", texts: 0));
        for (var text = 1; text <= 200; text++)
        {
            Learn(candidate, text);
            store.Save([candidate], new UsualLengths());
        }

        store.Texts.Should().Be(candidate.ScoredTexts);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e300)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NaN)]
    public void Inherited_costs_that_no_machine_explains_are_forgotten(double factor)
    {
        var candidate = Learnt("m", texts: 1);

        candidate.ScaleCosts(factor);

        candidate.Costs.Current.IsMeasured.Should().BeFalse();
        candidate.CostsAreInherited.Should().BeFalse();
    }

    public void Dispose()
    {
        folder.Dispose();
        log.Dispose();
    }

    private ProfileStore Open(Func<StoreSettings, StoreSettings>? change = null)
    {
        var settings = new StoreSettings(File, new MeasuredOn("2 threads", Precision.Auto), TimeSpan.FromDays(7));
        return new ProfileStore(change?.Invoke(settings) ?? settings, new AdaptationJournal(clock, log.CreateLogger<HeliosEngine>()));
    }

    private static Candidate Candidate(string name, bool partly = true) => new(
        new ModelFacts(Sample.Model(name), new LoadSize(1000, [.. Enumerable.Repeat(500L, 6)]), 300, new ConfidenceSource(Calibration.FromSidecar(Sample.Model(name)))),
        new AdaptationOptions { LoadPartially = partly, RequestsPerCandidate = 5 });

    private static Candidate Learnt(string name, int texts)
    {
        var candidate = Candidate(name);
        for (var i = 1; i <= texts; i++) Learn(candidate, i);
        for (var rows = 1; rows <= 64; rows *= 2)
        {
            for (var i = 0; i < 4; i++) candidate.Observe(new StepTiming(rows, rows, 6, rows * 20, new StepTimes(0.006 + 0.001 * rows, 0.002, 0.0001)));
        }

        return candidate;
    }

    private static void Learn(Candidate candidate, int text)
    {
        var taps = new RequestTaps(text, candidate.Depths, positions: 10, firstServed: 2, judged: new(10, 30));
        for (var exit = 0; exit < candidate.Depths.Length; exit++)
        {
            for (var i = 0; i < 10; i++)
                taps.At(exit)[i] = new ExitSignal { TopId = exit == 0 && i % 4 == 0 ? 1 : 2, Top1 = 0.5f + 0.05f * i, TargetLogProbability = -1 - 0.1f * (2 - exit) };
        }

        candidate.Learn(taps);
    }

    private static UsualLengths Lengths(int prompt, int total)
    {
        var lengths = new UsualLengths();
        lengths.Add(prompt, total);
        return lengths;
    }

    private sealed class DatedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
