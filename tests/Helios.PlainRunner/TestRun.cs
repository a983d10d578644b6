using Xunit.Abstractions;
using Xunit.Sdk;

namespace Helios.PlainRunner;

/// <summary>One run of tests: prints each result, and at the end a line as <c>dotnet test</c> does. Options are the defaults, one test at a time.</summary>
internal sealed class TestRun : LongLivedMarshalByRefObject, IMessageSink, ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions, IDisposable
{
    private readonly Dictionary<string, object?> options = new(StringComparer.Ordinal) { ["xunit.execution.DisableParallelization"] = true };
    private readonly List<ITestCase> cases = [];
    private readonly TaskCompletionSource<IReadOnlyList<ITestCase>> discovered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int passed;
    private int failed;
    private int skipped;

    public Task<IReadOnlyList<ITestCase>> Discovered => discovered.Task;

    /// <summary>True when tests ran and none failed.</summary>
    public Task<bool> Finished => finished.Task;

    public bool OnMessage(IMessageSinkMessage message)
    {
        switch (message)
        {
            case ITestCaseDiscoveryMessage found: cases.Add(found.TestCase); break;
            case IDiscoveryCompleteMessage: discovered.TrySetResult(cases); break;
            case ITestPassed test:
                passed++;
                Console.WriteLine($"  Passed {test.Test.DisplayName} [{test.ExecutionTime:0.0} s]");
                break;
            case ITestSkipped: skipped++; break;
            case ITestFailed test:
                failed++;
                Console.WriteLine($"  Failed {test.Test.DisplayName} [{test.ExecutionTime:0.0} s]");
                Console.WriteLine($"{string.Join(Environment.NewLine, test.Messages)}{Environment.NewLine}{string.Join(Environment.NewLine, test.StackTraces)}");
                break;
            case IFailureInformation trouble:
                failed++;
                Console.WriteLine($"  Failed {message.GetType().Name} [0 s]{Environment.NewLine}{string.Join(Environment.NewLine, trouble.Messages)}");
                break;
            case ITestAssemblyFinished end: Finish(end.ExecutionTime); break;
        }

        return true;
    }

    public TValue GetValue<TValue>(string name) => options.TryGetValue(name, out var value) ? (TValue)value! : default!;

    public void SetValue<TValue>(string name, TValue value) => options[name] = value;

    public void Dispose() => discovered.TrySetCanceled();

    private void Finish(decimal seconds)
    {
        var good = failed == 0 && passed > 0;
        Console.WriteLine($"{(good ? "Passed" : "Failed")}!  - Failed: {failed}, Passed: {passed}, Skipped: {skipped}, Total: {passed + failed + skipped}, Duration: {seconds:0} s");
        finished.TrySetResult(good);
    }
}
