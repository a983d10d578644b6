using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>What is wrong is said when the engine is built, with the option that it comes from; and a start that nobody waits for is quiet.</summary>
public class StartTests
{
    [Theory]
    [InlineData(4 << 30)]
    [InlineData(2 << 30)]
    [InlineData(3 << 30)]
    public void A_number_of_bytes_that_overflowed_is_explained(int bytes)
    {
        var build = () => TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).UseMemoryBudget(bytes).LimitBytes(bytes).Configure(options => options.Serving.KvSlabBytes = bytes));
        var message = build.Should().Throw<ArgumentException>().Which.Message;
        message.Should().ContainAll(FormattableString.Invariant($"MemoryBudgetBytes is {bytes}"), "4L << 30", "Adaptation.MaxPointBytes", "Serving.KvSlabBytes");
    }

    [Fact]
    public async Task So_is_one_that_is_set_later()
    {
        await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")));
        var set = () => engine.Engine.SetMemoryBudgetAsync(4 << 30);
        await set.Should().ThrowAsync<ArgumentOutOfRangeException>().WithMessage("*4L << 30*");
    }

    [Fact]
    public void A_precision_that_the_backend_has_not_is_a_wrong_option()
    {
        var build = () => TestEngine.Build(
            builder => builder.AddModel(TestData.Model("tiny-s")).Configure(options => options.Precision = Precision.Fp16),
            wrap: cpu => new FaultyBackend(cpu) { Lacks = Precision.Fp16 });
        build.Should().Throw<ArgumentException>().WithMessage("Precision is Fp16; expected *It cannot hold weights as Fp16.*");
    }

    [Fact]
    public void An_exit_policy_that_throws_is_named()
    {
        var build = () => TestEngine.Build(builder => builder
            .AddModel(TestData.Model("tiny-s")).ServeFixed(exitPolicy: "unsure").UseStrategy<IExitPolicy>(() => new ThrowingPolicy()));
        build.Should().Throw<HeliosException>().WithMessage("*'unsure'*'tiny-s'*not today*").WithInnerException<InvalidTimeZoneException>();
    }

    [Fact]
    public void A_file_of_another_kind_is_no_profile_store()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{ "mine": true }""");
            var build = () => TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).Configure(options => options.Adaptation.ProfileStore = file));
            build.Should().Throw<ArgumentException>().WithMessage($"Adaptation.ProfileStore is '{file}'*is not a model repository*");
            File.ReadAllText(file).Should().Be("""{ "mine": true }""");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task More_answers_at_once_than_fit_are_refused_for_that_reason()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.Configure(options => (options.Serving.MaxQueueLength, options.Serving.MaxBatchSize) = (4, 2)));
        var request = GenerationRequest.FromText("Once") with { MaxTokens = 64, IgnoreEndOfSequence = true };
        var never = () => engine.Engine.GenerateAsync(request, samples: 7);
        (await never.Should().ThrowAsync<ArgumentOutOfRangeException>()).WithMessage("*At most 6*Serving.MaxQueueLength and Serving.MaxBatchSize*");

        var held = engine.AskAsync(request);
        var now = () => engine.Engine.GenerateAsync(request, samples: 6);
        (await now.Should().ThrowAsync<ServerBusyException>()).WithMessage("6 answers to one request take as many places*");
        await held;
    }

    [Fact]
    public async Task An_engine_that_is_disposed_before_it_serves_leaves_no_unobserved_exception()
    {
        var unobserved = new List<Exception>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            if (e.Exception.ToString().Contains("stopped before a model served", StringComparison.Ordinal)) unobserved.Add(e.Exception);
        }

        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            for (var i = 0; i < 3; i++) await StopAtOnceAsync();
            for (var i = 0; i < 3; i++)
            {
#pragma warning disable RS0030 // that an exception was never observed is found by the collector
                GC.Collect();
#pragma warning restore RS0030
                GC.WaitForPendingFinalizers();
            }
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }

        unobserved.Should().BeEmpty();
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static async Task StopAtOnceAsync()
    {
        await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")));
        await engine.Engine.StopAsync();
    }

    private sealed class ThrowingPolicy : IExitPolicy
    {
        public string Name => "unsure";

        public ExitSignals Needs => ExitSignals.None;

        public void ChooseExits(in ExitLayout exits, Span<bool> checks) => throw new InvalidTimeZoneException("not today");

        public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
        {
        }
    }
}
