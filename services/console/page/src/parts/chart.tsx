import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { isDark } from '../state/media.js'
import { decadesOf, formatCompact, formatCount, formatTime, timeLabels } from '../words/format.js'

export interface ChartSeries {
  readonly label: string
  /** A colour of the style sheet, such as `--chart-1`. */
  readonly colour: string
  /** One value per point; null leaves a gap. */
  readonly values: readonly (number | null)[]
  /** `point`: a large point at each value, without a line. */
  readonly kind?: 'line' | 'bars' | 'dashed' | 'point'
}

interface ChartProps {
  /** Description of the chart for screen readers. */
  readonly title: string
  /** Increasing. */
  readonly x: readonly number[]
  readonly xLabel: string
  /** Ends of the x-axis if it shows times, in seconds since 1970 as `x` is. */
  readonly timeRange?: readonly [from: number, to: number]
  readonly series: readonly ChartSeries[]
  /** Shades the area between the first two series, of which the first is the lower one. */
  readonly hasBand?: boolean
  /** Logarithmic on both sides of 0 (arsinh): nats may be negative. */
  readonly isLog?: boolean
  readonly format: (value: number) => string
  /** Pixels. */
  readonly height: number
  /** Called with the range that was selected with the mouse. */
  readonly onSelect?: (from: number, to: number) => void
  /** Called with the index of the point that was clicked. */
  readonly onPoint?: (at: number) => void
}

/** Width of a time label with seconds, and a margin; pixels. */
const TIME_SPACE = 75
/** Margin to the right of the plot: half of the last label; pixels. */
const END_SPACE = 16
/** With at most this many points each one is drawn, because a point between two gaps has no line. */
const FEW_POINTS = 60
/** Pixels that the mouse must move to select a range. */
const MIN_DRAG_PX = 4

/** A chart over time or steps; pass the same `x` and `series` objects while they are unchanged. */
export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const { x, series, isLog, height } = props
  useEffect(() => {
    const element = box.current!
    const plot = draw(element, props)
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      plot.destroy()
    }
  }, [x, series, isLog, height, isDark.value])
  return (
    <figure class="chart" role="img" aria-label={props.title}>
      <div ref={box} />
    </figure>
  )
}

function draw(box: HTMLElement, props: ChartProps): uPlot {
  const { x, xLabel, timeRange, series, hasBand = false, isLog = false, height, onSelect, onPoint } = props
  const hasBars = series.some(({ kind }) => kind === 'bars')
  return new uPlot(
    {
      width: box.clientWidth,
      height,
      // Top, right, bottom, left: the style sheet positions marks by the same margins.
      padding: [8, END_SPACE, 0, 0],
      scales: {
        x: { time: timeRange !== undefined, ...(timeRange && { range: [...timeRange] as [number, number] }) },
        y: isLog ? { distr: 4, asinh: 1 } : hasBars ? { range: fromZero } : {},
      },
      axes: axesOf(box, props),
      // uPlot counts the x-axis as series 0.
      bands: hasBand
        ? [{ series: [2, 1], fill: `color-mix(in srgb, ${colourOf(box, series[0]!.colour)} 20%, transparent)` }]
        : [],
      cursor: { drag: { x: onSelect !== undefined, y: false, setScale: false } },
      series: [
        {
          label: xLabel,
          value: (_, x) => (x === null ? '–' : timeRange ? formatTime(x * 1000) : formatCount(x)),
        },
        ...series.map((drawn) => seriesOf(box, drawn, props)),
      ],
      hooks: {
        ready: [
          (plot) => {
            plot.over.addEventListener('click', () => {
              if (plot.cursor.idx != null && plot.select.width <= MIN_DRAG_PX) onPoint?.(plot.cursor.idx)
            })
          },
        ],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select
            if (width > MIN_DRAG_PX) onSelect?.(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'))
          },
        ],
      },
    },
    [[...x], ...series.map(({ values }) => [...values])],
    box,
  )
}

function axesOf(box: HTMLElement, { timeRange, isLog = false }: ChartProps): uPlot.Axis[] {
  const line = { stroke: colourOf(box, '--line'), width: 1 }
  const axis: uPlot.Axis = {
    stroke: colourOf(box, '--text-quiet'),
    grid: line,
    ticks: line,
    font: `11px ${getComputedStyle(box).fontFamily}`,
  }
  // A log scale has grid lines at decades only.
  const filter: uPlot.Axis.Filter = (plot, splits) => decadesOf(splits, (value) => plot.valToPos(value, 'y'))
  const decades = isLog ? { filter } : {}
  return [
    { ...axis, ...(timeRange && { values: timesOfAxis, space: TIME_SPACE }) },
    {
      ...axis,
      ...decades,
      grid: { ...line, ...decades },
      ticks: { ...line, ...decades },
      size: 60,
      values: (_, splits) => splits.map((value) => (value === null ? null : formatCompact(value).replace('-', '−'))),
    },
  ]
}

function seriesOf(box: HTMLElement, series: ChartSeries, { x, format }: ChartProps): uPlot.Series {
  const { label, kind = 'line' } = series
  const colour = colourOf(box, series.colour)
  return {
    label,
    stroke: colour,
    width: kind === 'bars' || kind === 'point' ? 0 : 1.5,
    ...(kind === 'dashed' ? { dash: [6, 4] } : {}),
    ...(kind === 'bars' ? { fill: colour, paths: uPlot.paths.bars!({ size: [0.8, 24] }) } : {}),
    points:
      kind === 'point'
        ? { show: true, size: 10, fill: colour }
        : { show: x.length < FEW_POINTS && kind === 'line', size: 4 },
    value: (_, value) => (value === null || value === undefined ? '–' : format(value)),
  }
}

/** A canvas takes no variables of the style sheet: they are resolved as the colour of an element. */
function colourOf(box: HTMLElement, variable: string): string {
  box.style.color = `var(${variable})`
  const { color } = getComputedStyle(box)
  box.style.color = ''
  return color
}

const fromZero = (_: uPlot, __: number, most: number): [number, number] => [0, Math.max(1, most) * 1.05]

const timesOfAxis = (_: uPlot, splits: number[], __: number, ___: number, stepSeconds: number): string[] =>
  timeLabels(
    splits.map((seconds) => seconds * 1000),
    stepSeconds,
  )
