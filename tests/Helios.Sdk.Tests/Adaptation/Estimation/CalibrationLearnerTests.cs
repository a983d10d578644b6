using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Adaptation.Estimation;

public class CalibrationLearnerTests
{
    private static readonly CheckpointInfo WithPrior = Sample.Model(calibration: Sample.Calibration(
        ExitSignalKind.Top1, (2, [new(0, 0.5), new(1, 0.5)]), (4, [new(0, 0.2), new(1, 0.9)])));

    [Fact]
    public void Without_evidence_it_is_the_sidecar()
    {
        var learnt = new CalibrationLearner(WithPrior).Fit();

        learnt.Map(4, 0.5).Should().BeApproximately(0.55, 1e-12);
        learnt.Map(6, 0.0).Should().Be(1);
    }

    [Fact]
    public void It_goes_on_from_what_was_learnt_before_and_trusts_it_less_with_age()
    {
        var former = new CalibrationLearner(WithPrior);
        for (var i = 0; i < 6; i++) former.Add(2, new ExitSignal { Top1 = 0.999f }, agreed: true);
        var fresh = new CalibrationLearner(WithPrior);
        var aged = new CalibrationLearner(WithPrior);

        fresh.Restore(former.Learnt, keep: 1);
        aged.Restore(former.Learnt, keep: 0.5);

        fresh.Fit().Map(2, 1).Should().BeApproximately(former.Fit().Map(2, 1), 1e-12);
        aged.Fit().Map(2, 1).Should().BeApproximately((3 + 2 * 0.5) / (3 + 2), 1e-12);
    }

    [Fact]
    public void Much_evidence_outweighs_the_prior()
    {
        var learner = new CalibrationLearner(WithPrior);
        var random = new Random(1);
        for (var i = 0; i < 200_000; i++)
        {
            var signal = random.NextSingle();
            learner.Add(2, new ExitSignal { Top1 = signal }, random.NextDouble() < signal * signal);
        }

        var learnt = learner.Fit();

        for (var signal = 0.05; signal < 1; signal += 0.05)
            learnt.Map(2, signal).Should().BeApproximately(signal * signal, 0.03);
    }

    [Fact]
    public void A_bin_shrinks_to_its_prior_by_the_stated_weight()
    {
        var learner = new CalibrationLearner(WithPrior);
        // 6 tokens that agree in the topmost bin: (6 + 2 x 0.5) / (6 + 2), above its neighbours at 0.5.
        for (var i = 0; i < 6; i++) learner.Add(2, new ExitSignal { Top1 = 1 }, agreed: true);

        var learnt = learner.Fit();

        learnt.Map(2, 1.0).Should().BeApproximately(7.0 / 8, 1e-12);
        learnt.Map(2, 0.5).Should().BeApproximately(0.5, 1e-12);
    }

    [Fact]
    public void Without_a_sidecar_an_exit_is_trusted_only_once_it_has_agreed()
    {
        var learner = new CalibrationLearner(Sample.Model());
        learner.Add(2, new ExitSignal { Top1 = 0.99f }, agreed: true);

        learner.Fit().Map(2, 1.0).Should().BeApproximately(1.0 / 3, 1e-9);
        learner.Fit().Map(4, 1.0).Should().Be(0);
    }

    [Fact]
    public void Old_evidence_fades()
    {
        var learner = new CalibrationLearner(WithPrior);
        for (var i = 0; i < 1000; i++) learner.Add(2, new ExitSignal { Top1 = 1 }, agreed: true);
        learner.Decay(0);

        learner.Fit().Map(2, 1.0).Should().Be(0.5);
    }

    [Fact]
    public void Entropy_is_learnt_too()
    {
        var model = Sample.Model(calibration: Sample.Calibration(ExitSignalKind.NegativeEntropy));
        var learner = new CalibrationLearner(model);
        for (var i = 0; i < 1000; i++)
        {
            learner.Add(2, new ExitSignal { Entropy = 0.1f }, agreed: true);
            learner.Add(2, new ExitSignal { Entropy = 4 }, agreed: false);
        }

        var learnt = learner.Fit();

        learnt.Map(2, new ExitSignal { Entropy = 0.1f }).Should().BeGreaterThan(0.9f);
        learnt.Map(2, new ExitSignal { Entropy = 3.9f }).Should().BeLessThan(0.1f);
    }

    [Fact]
    public void Taps_teach_every_exit()
    {
        var taps = new RequestTaps(1, [2, 4, 6], positions: 1, firstServed: 0, judged: new(1, 1));
        taps.At(0)[0] = new ExitSignal { TopId = 1, Top1 = 1 };
        taps.At(1)[0] = new ExitSignal { TopId = 2, Top1 = 1 };
        taps.At(2)[0] = new ExitSignal { TopId = 2, Top1 = 1 };
        var learner = new CalibrationLearner(Sample.Model());

        learner.Add(taps);

        learner.Fit().Map(2, 1.0).Should().Be(0);
        learner.Fit().Map(4, 1.0).Should().BeApproximately(1.0 / 3, 1e-12);
    }
}
